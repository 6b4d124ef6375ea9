/**
 * The desired properties in force: each patch is merged, read as a whole, and applied or refused. What
 * was accepted is kept on the volume, so that a start without a hub serves what was asked for last.
 */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { UserError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import type { Log } from "../../core/ports.ts";
import type { DesiredDocument } from "./client.ts";
import type { RuntimeControls } from "./controls.ts";
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
  /** The whole document, as a connection begins. `undefined` where it is the known one. */
  readonly replace: (document: DesiredDocument) => PatchReport | undefined;
  readonly patch: (patch: DesiredDocument) => PatchReport;
};

const FILE = "desired.json";
const MAX_REPORTED_PROBLEMS = 5;
const MAX_PROBLEM_CHARACTERS = 400;

export function createDesiredState(options: DesiredStateOptions): DesiredState {
  const { deployments, controls, folder, log } = options;
  let accepted: DesiredDocument = {};
  let lastVersion = 0;

  const attempt = (candidate: DesiredDocument, version: number): PatchReport => {
    lastVersion = version;
    const problems = tryDocument(candidate);
    if (problems.length === 0) {
      accepted = candidate;
      if (folder !== undefined) keep(folder, candidate, log);
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
      if (kept !== undefined && tryDocument(kept).length === 0) accepted = kept;
    },
    replace: (document) => {
      const version = versionOf(document);
      if (version === lastVersion) return undefined;
      return attempt(document, version);
    },
    patch: (patch) => {
      const version = versionOf(patch);
      const bare = Object.fromEntries(
        Object.entries(patch).filter(([key]) => !key.startsWith("$")),
      );
      return attempt(merge(accepted, bare), version);
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

function versionOf(document: DesiredDocument): number {
  return Number(document["$version"] ?? 0);
}

/** @source RFC 7396 */
function merge(target: DesiredDocument, patch: DesiredDocument): DesiredDocument {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const old = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isObject(value)) merged.set(key, merge(isObject(old) ? old : {}, value));
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is DesiredDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function reported(problems: readonly Problem[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    problems
      .slice(0, MAX_REPORTED_PROBLEMS)
      .map(({ code, message }, index) => [
        `p${index + 1}`,
        `${code}: ${message}`.slice(0, MAX_PROBLEM_CHARACTERS),
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
    return isObject(document) ? document : undefined;
  } catch {
    return undefined;
  }
}
