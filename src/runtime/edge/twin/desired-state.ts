/**
 * The desired properties in force. What is judged is always the whole section as the hub has it, also
 * after a patch: the same section then gets the same verdict whether it came in pieces or at once, and
 * a restart undoes nothing. What was accepted is kept on the volume, so that a start without a hub
 * serves what was asked for last.
 */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { UserError } from "../../../core/problem.ts";
import type { Problem } from "../../../core/problem.ts";
import type { Log } from "../../../core/ports.ts";
import type { RuntimeControls } from "./controls.ts";
import { bareOf, isDocument, merge, versionOf } from "../hub/desired-document.ts";
import type { DesiredDocument } from "../hub/desired-document.ts";
import { readDesired } from "./twin-contract.ts";
import type { Desired } from "./twin-contract.ts";

export type PatchReport = {
  readonly version: number;
  readonly ok: boolean;
  /** The first few, as text: a twin is small. */
  readonly problems: Readonly<Record<string, string>>;
};

export type DesiredStateOptions = {
  readonly deployments: readonly string[];
  /** Per cent by deployment, as the spec says. */
  readonly traffic: Readonly<Record<string, number>>;
  readonly controls: RuntimeControls;
  /** Where the accepted document is kept; absent: nowhere. */
  readonly folder?: string;
  readonly log: Log;
};

export type DesiredState = {
  /** What was accepted in an earlier run. */
  readonly restore: () => void;
  /** The whole section is asked for: patches wait until it is there, since they change what it says. */
  readonly expectWhole: () => void;
  /** The whole section. `undefined` where it is the known one. */
  readonly replace: (document: DesiredDocument) => PatchReport | undefined;
  /** `undefined` where the section is not known yet. */
  readonly patch: (patch: DesiredDocument) => PatchReport | undefined;
};

const FILE = "desired.json";
const MAX_REPORTED_PROBLEMS = 5;
const MAX_PROBLEM_CHARACTERS = 400;

export function createDesiredState(options: DesiredStateOptions): DesiredState {
  const { deployments, controls, folder, log } = options;
  /** As the hub has it, whatever became of it; `undefined`: not known on this connection. */
  let section: DesiredDocument | undefined;
  let judged: { readonly document: DesiredDocument; readonly version: number } | undefined;
  let early: DesiredDocument[] = [];

  const judge = (document: DesiredDocument, version: number): PatchReport => {
    section = document;
    judged = { document, version };
    const problems = tryDocument(document);
    if (problems.length === 0) {
      if (folder !== undefined) keep(folder, document, log);
      log.info("desired properties are in force", { version });
    } else {
      for (const { code, message } of problems) {
        log.warn(`desired properties are refused: ${message}`, { code, version });
      }
    }
    return { version, ok: problems.length === 0, problems: reported(problems) };
  };
  const tryDocument = (candidate: DesiredDocument): readonly Problem[] => {
    const read = readDesired(candidate, deployments);
    if (!read.ok) return read.problems;
    try {
      apply(read.value, options);
      return [];
    } catch (error) {
      if (error instanceof UserError) return error.problems;
      throw error;
    }
  };
  return {
    restore: () => {
      const kept = folder === undefined ? undefined : load(folder);
      if (kept !== undefined) tryDocument(kept);
    },
    expectWhole: () => {
      section = undefined;
      early = [];
    },
    replace: (whole) => {
      const newer = early.filter((patch) => versionOf(patch) > versionOf(whole));
      early = [];
      const document = newer.reduce((sum, patch) => merge(sum, bareOf(patch)), bareOf(whole));
      const version = versionOf(newer.at(-1) ?? whole);
      section = document;
      if (isDeepStrictEqual(judged, { document, version })) return undefined;
      return judge(document, version);
    },
    patch: (patch) => {
      if (section !== undefined) return judge(merge(section, bareOf(patch)), versionOf(patch));
      early.push(patch);
      return undefined;
    },
  };

  function apply(desired: Desired, { traffic, deployments: names }: DesiredStateOptions): void {
    // First what may still refuse, so that nothing is half applied.
    controls.setKeys(desired.keys);
    const weights = desired.traffic ?? traffic;
    const live = names.filter((name) => !desired.disabled.includes(name));
    for (const name of names) controls.setEnabled(name, live.includes(name));
    controls.setTraffic(Object.fromEntries(live.map((name) => [name, weights[name] ?? 0])));
    controls.setMirror(desired.mirror);
    controls.setRequestSettings(desired.requestSettings);
    controls.setOutboxLimits(desired.outbox);
    controls.setLogLevel(desired.logLevel ?? "");
  }
}

function reported(problems: readonly Problem[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    problems
      .slice(0, MAX_REPORTED_PROBLEMS)
      .map(({ code, message, hint = "" }, index) => [
        `p${index + 1}`,
        `${code}: ${message}. ${hint}`.trim().slice(0, MAX_PROBLEM_CHARACTERS),
      ]),
  );
}

function keep(folder: string, document: DesiredDocument, log: Log): void {
  const path = join(folder, FILE);
  try {
    writeFileSync(`${path}.new`, JSON.stringify(document));
    renameSync(`${path}.new`, path);
  } catch (error) {
    log.warn(`the desired properties cannot be kept: ${(error as Error).message}`);
  }
}

function load(folder: string): DesiredDocument | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(join(folder, FILE), "utf8"));
    return isDocument(document) ? document : undefined;
  } catch {
    return undefined;
  }
}
