/** A mapping while a dialect rewrites it: keys are taken, moved and renamed, their places stay. */

import type { Place, Problem } from "../../core/problem.ts";
import { showKey } from "../text/suggest.ts";
import type { Entry, MapNode, Node } from "../text/tree.ts";

export type Report = (problem: Problem) => void;

export type Draft = {
  readonly has: (key: string) => boolean;
  readonly get: (key: string) => Entry | undefined;
  /** Removes and gives. */
  readonly take: (key: string) => Entry | undefined;
  /** Adds; a key that is there already is a conflict, and the one that is there stays. */
  readonly put: (entry: Entry) => void;
  /** Puts another value under a key that is there. */
  readonly replace: (key: string, node: Node) => void;
  /** Gives a key its current name, with a warning; a key that is absent is none of its business. */
  readonly rename: (was: string, now: string) => void;
  readonly entries: () => readonly Entry[];
  readonly finish: () => MapNode;
};

export function draftOf(map: MapNode, report: Report): Draft {
  const entries = new Map(map.entries.map((entry) => [entry.key, entry]));
  const take = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    entries.delete(key);
    return entry;
  };
  const put = (entry: Entry): void => {
    if (entries.has(entry.key)) report(conflict(entry));
    else entries.set(entry.key, entry);
  };
  return {
    has: (key) => entries.has(key),
    get: (key) => entries.get(key),
    take,
    put,
    replace: (key, node) => {
      const entry = entries.get(key);
      if (entry !== undefined) entries.set(key, { ...entry, node });
    },
    rename: (was, now) => {
      const entry = take(was);
      if (entry === undefined) return;
      report(oldSpelling(entry.at, was, now));
      put({ ...entry, key: now });
    },
    entries: () => [...entries.values()],
    finish: () => ({ kind: "map", at: map.at, entries: [...entries.values()] }),
  };
}

/** A mapping that nobody wrote, for keys that move into it. */
export function emptyDraft(at: Place, report: Report): Draft {
  return draftOf({ kind: "map", at, entries: [] }, report);
}

function conflict(entry: Entry): Problem {
  return {
    code: "SPEC_CONFLICT",
    severity: "error",
    message: `${showKey(entry.key)} is set twice, once under another spelling, must be set once`,
    at: entry.at,
    hint: "Remove one of the two.",
  };
}

export function oldSpelling(at: Place, was: string, now: string): Problem {
  return {
    code: "SPEC_OLD_SPELLING",
    severity: "warning",
    message: `${showKey(was)} is an old spelling of ${showKey(now)}`,
    at,
    hint: `Write ${showKey(now)}.`,
  };
}

export function ignored(entry: Entry, why: string): Problem {
  return {
    code: "SPEC_IGNORED",
    severity: "note",
    message: `\`${entry.key}\` ${why}`,
    at: entry.at,
    hint: "Remove it, or keep it for Azure.",
  };
}
