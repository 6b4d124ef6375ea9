/** What else `batch` does: look at a job, join its shards. */

import { hostname } from "node:os";
import { resolve } from "node:path";

import { renderDuration, renderProgress } from "../runtime/batch/progress.ts";
import { readJobStatus } from "../runtime/batch/status.ts";
import type { JobStatus } from "../runtime/batch/status.ts";
import { verdictText } from "../runtime/batch/verdict.ts";
import { UsageError } from "./command.ts";
import type { Invocation, Outcome } from "./command.ts";

type Verb = (invocation: Invocation) => Promise<Outcome>;

export const BATCH_VERBS: Readonly<Record<string, Verb>> = { status };

function folderOf({ args, cwd }: Invocation): string {
  const [verb, folder, ...others] = args;
  if (folder === undefined || others.length > 0) throw new UsageError(`batch ${verb} needs one DIR`);
  return resolve(cwd, folder);
}

function status(invocation: Invocation): Promise<Outcome> {
  const folder = folderOf(invocation);
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const jobs = readJobStatus(folder, { host: hostname(), clock });
  return Promise.resolve({ problems: [], json: { jobs }, text: jobs.map(render).join("\n") });
}

function render({ identity, progress, holder, verdict }: JobStatus): string {
  const { endpoint, deployment, shard } = identity;
  const name = `${endpoint}/${deployment}${shard === null ? "" : `, shard ${shard.index} of ${shard.count}`}`;
  const by = holder === undefined ? "" : ` by process ${holder.pid} on ${holder.host}`;
  if (progress === undefined) return `${name}: ${verdict}${by}, nothing is scored yet`;
  const { totals, elapsedMs, starts } = progress;
  const words = verdict === "running" ? "running" : verdictText(verdict, totals, Number.NaN);
  return `${name}: ${words}${by}; ${renderProgress(progress)}; ${renderDuration(elapsedMs)} in ${starts} starts`;
}
