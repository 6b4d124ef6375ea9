/** `batch status DIR` and `batch merge DIR`: look at a job, join its shards. */

import { hostname } from "node:os";
import { resolve } from "node:path";

import { numberFrom } from "../../runtime/batch/flags.ts";
import { mergeShards } from "../../runtime/batch/shards/merge.ts";
import { sayOutcome } from "../../runtime/batch/report/outcome.ts";
import { renderDuration, renderProgress } from "../../runtime/batch/report/progress.ts";
import { readJobStatus, readMerge } from "../../runtime/batch/report/status.ts";
import type { JobStatus } from "../../runtime/batch/report/status.ts";
import { UsageError } from "../command.ts";
import type { Invocation, Outcome } from "../command.ts";

function folderOf({ args, cwd }: Invocation): string {
  const [verb, folder, ...others] = args;
  if (folder === undefined || others.length > 0) {
    throw new UsageError(`batch ${verb} needs one DIR`);
  }
  return resolve(cwd, folder);
}

export async function jobStatus(invocation: Invocation): Promise<Outcome> {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const output = folderOf(invocation);
  const jobs = await Promise.resolve(readJobStatus(output, { host: hostname(), clock }));
  const merged = readMerge(output);
  const lines = jobs.map(renderStatus);
  if (merged !== undefined) lines.push(`merged: ${merged.totals.rows} rows in ${merged.result}`);
  const { result, total, totals } = merged ?? {};
  const json = { jobs, ...(merged && { merged: { result, total, totals } }) };
  return { problems: [], json, text: lines.join("\n") };
}

function renderStatus({ identity, progress, holder, verdict }: JobStatus): string {
  const { endpoint, deployment, shard } = identity;
  const piece = shard === null ? "" : `, shard ${shard.index} of ${shard.count}`;
  const by = holder === undefined ? "" : ` by process ${holder.pid} on ${holder.host}`;
  const name = `${endpoint}/${deployment}${piece}: ${verdict}${by}`;
  if (progress === undefined) return `${name}, nothing is scored yet`;
  const { elapsedMs, starts } = progress;
  return `${name}; ${renderProgress(progress)}; ${renderDuration(elapsedMs)} in ${starts} starts`;
}

export async function merge(invocation: Invocation): Promise<Outcome> {
  const output = folderOf(invocation);
  const threshold = numberFrom(invocation.options, "error-threshold", { least: -1 });
  const { already, report } = await Promise.resolve(mergeShards(output, threshold));
  const { verdict, result, total, totals } = report;
  if (verdict === "running") throw new Error("a merged job cannot be running");
  const { exitCode, problem, text } = sayOutcome({ verdict, already, report }, output);
  const json = { verdict, already, result, total, totals, output };
  return problem === undefined
    ? { problems: [], json, text, exitCode }
    : { problems: [problem], json, exitCode };
}
