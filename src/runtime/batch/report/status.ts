/** How does the job in a folder stand? Looked at from outside, without touching it. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Clock } from "../../../core/ports.ts";
import { userError } from "../../../core/problem.ts";
import { readDone } from "../journal/done.ts";
import { readIdentity } from "../journal/folder.ts";
import type { JobIdentity } from "../journal/folder.ts";
import { readHolder, seemsHeld } from "../journal/lease.ts";
import type { LeaseHolder } from "../journal/lease.ts";
import { readProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";
import type { Report } from "./report.ts";
import type { Verdict } from "./verdict.ts";

export type JobStatus = {
  readonly identity: JobIdentity;
  readonly verdict: Verdict;
  readonly progress?: Progress;
  /** Who works on it right now. */
  readonly holder?: LeaseHolder;
};

type Around = { readonly host: string; readonly clock: Clock };

/** The job, and its shards. @throws UserError BATCH_OUTPUT where there is none */
export function readJobStatus(output: string, around: Around): readonly JobStatus[] {
  const roots = [output, ...shardRoots(output)];
  const found = roots.flatMap((root) => statusOf(join(root, ".edgewright"), around) ?? []);
  if (found.length > 0) return found;
  throw userError("BATCH_OUTPUT", `there is no batch job in ${output}`, {
    hint: "Give the folder that was the job's --output.",
  });
}

/** What a merge of the job's shards left; absent where there was none, or its result is gone since. */
export function readMerge(output: string): Report | undefined {
  const state = join(output, ".edgewright");
  const report = readIdentity({ state }) === undefined ? readDone(state)?.report : undefined;
  const { result = null } = report ?? {};
  return result !== null && existsSync(result) ? report : undefined;
}

export function shardRoots(output: string): readonly string[] {
  const folder = join(output, "shards");
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+-of-\d+$/.test(name))
      .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function statusOf(state: string, around: Around): JobStatus | undefined {
  const identity = readIdentity({ state });
  if (identity === undefined) return undefined;
  const file = join(state, "lease");
  const holder = readHolder(file);
  const working = holder !== undefined && seemsHeld({ file, ...around }, holder);
  const progress = readProgress(state);
  const known = progress?.verdict ?? "running";
  const unfinished = working ? "running" : known === "running" ? "stopped" : known;
  return {
    identity,
    verdict: readDone(state) === undefined ? unfinished : "complete",
    ...(progress && { progress }),
    ...(working && { holder }),
  };
}
