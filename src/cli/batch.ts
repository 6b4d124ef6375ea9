/** `edgewright batch SPEC --input PATH --output DIR`: a batch job on this machine, or one shard of it. */

import { hostname } from "node:os";
import { resolve } from "node:path";

import { hasErrors } from "../core/problem.ts";
import type { Problem } from "../core/problem.ts";
import { listInputs } from "../runtime/batch/inputs.ts";
import { runJob } from "../runtime/batch/job.ts";
import type { JobOptions, JobOutcome } from "../runtime/batch/job.ts";
import { scoringFor } from "../runtime/batch/scoring.ts";
import { workerCount } from "../runtime/batch/settings.ts";
import type { Shard } from "../runtime/batch/settings.ts";
import { parseShard } from "../runtime/batch/shards.ts";
import { EXIT_CODES, verdictText } from "../runtime/batch/verdict.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../spec/resolved.ts";
import { createProgressView } from "./batch-progress.ts";
import { jobDeployment, jobSettings, SETTING_OPTIONS } from "./batch-settings.ts";
import { BATCH_VERBS } from "./batch-verbs.ts";
import { UsageError } from "./command.ts";
import type { Command, Invocation, Outcome } from "./command.ts";
import { DEVICE_OPTION, loadEndpoint } from "./endpoint.ts";
import { MODEL_OPTIONS, preparing, servedFrom } from "./models.ts";
import { createPlainLog } from "./plain-log.ts";
import { interpretersOf } from "./python.ts";

export const BATCH: Command = {
  name: "batch",
  usage: "SPEC... --input PATH --output DIR | status DIR | merge DIR | render SPEC...",
  summary: "score a folder of files: a job that can be killed and goes on where it was",
  options: {
    input: { type: "string", short: "i", value: "PATH", summary: "a file, or a folder with all below it" },
    "input-list": {
      type: "string",
      value: "FILE",
      summary: "only the files that it names, one path a line, below --input",
    },
    output: { type: "string", short: "o", value: "DIR", summary: "result, report, logs and journal" },
    shard: {
      type: "string",
      value: "i/n|auto",
      summary: "one of n pieces, from 0; auto: as the job engine says",
    },
    "dry-run": { type: "boolean", summary: "count the files and mini-batches, score nothing" },
    engine: { type: "string", value: "NAME", summary: "of render: kubernetes or slurm" },
    image: { type: "string", value: "NAME", summary: "of render: the image that the pods run" },
    claim: { type: "string", value: "NAME", summary: "of render: the volume claim with input and output" },
    python: {
      type: "string",
      value: "PATH",
      summary: "interpreter of the script; otherwise the first that has all it imports",
    },
    ...SETTING_OPTIONS,
    ...MODEL_OPTIONS,
    ...DEVICE_OPTION,
  },
  run: async (invocation) => {
    const verb = BATCH_VERBS[invocation.args[0] ?? ""];
    return verb === undefined ? run(invocation) : verb(invocation);
  },
};

async function run(invocation: Invocation): Promise<Outcome> {
  const { signal, cwd, env, options } = invocation;
  const input = pathOf(invocation, "input");
  const output = pathOf(invocation, "output");
  const shard = typeof options["shard"] === "string" ? parseShard(options["shard"], env) : undefined;
  const read = await loadEndpoint(invocation, preparing(invocation));
  if (!read.ok) return { problems: read.problems };
  const endpoint = servedFrom(read.value.endpoint, read.value.models);
  const problems: Problem[] = [...read.problems];
  const { deployment, batch } = jobDeployment(endpoint, options["deployment"]);
  const settings = jobSettings(batch, invocation);
  const list = options["input-list"];
  const where = {
    input,
    output,
    ...(typeof list === "string" && { inputList: resolve(cwd, list) }),
    ...(shard && { shard }),
  };
  if (options["dry-run"] === true) return dryRun(where, { settings, deployment, problems });
  const python = await pythonOf(endpoint, deployment, invocation);
  problems.push(...python.problems);
  if (hasErrors(problems)) return { problems };
  const log = createPlainLog("warn", invocation.progress);
  const view = createProgressView(invocation);
  const common = { pid: process.pid, log, ...where, deployment, settings };
  const scoring = await scoringFor({ ...common, endpoint, env, python: python.path });
  const outcome = await runJob({
    ...common,
    ...scoring,
    endpoint: endpoint.name,
    deployment: deployment.name,
    host: hostname(),
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    stamp: () => new Date().toISOString(),
    signal,
    onProgress: view.show,
  }).finally(view.end);
  return outcomeOf(outcome, { problems, output });
}

function pathOf({ options, cwd }: Invocation, name: "input" | "output"): string {
  const value = options[name];
  if (typeof value === "string" && value !== "") return resolve(cwd, value);
  throw new UsageError(`batch needs --${name} ${name === "input" ? "PATH" : "DIR"}`);
}

async function pythonOf(
  endpoint: ResolvedEndpoint,
  deployment: ResolvedDeployment,
  { options, env }: Invocation,
): Promise<{ path: string; problems: readonly Problem[] }> {
  const asked = typeof options["python"] === "string" ? options["python"] : undefined;
  const only = { ...endpoint, deployments: [deployment] };
  const { byDeployment, problems } = await interpretersOf(only, { asked, env });
  return { path: byDeployment.get(deployment.name)?.path ?? "", problems };
}

type DryRun = Pick<JobOptions, "settings"> & {
  readonly deployment: ResolvedDeployment;
  readonly problems: readonly Problem[];
};

async function dryRun(
  where: Pick<JobOptions, "input" | "inputList" | "output"> & { readonly shard?: Shard },
  { settings, deployment, problems }: DryRun,
): Promise<Outcome> {
  const { files } = await listInputs(where);
  const miniBatches = Math.ceil(files.length / settings.miniBatchSize);
  const workers = workerCount(settings, where.shard);
  const plan = { deployment: deployment.name, files: files.length, miniBatches, workers, settings };
  return {
    problems,
    json: plan,
    text: `${files.length} files in ${miniBatches} mini-batches of ${settings.miniBatchSize}, ${workers} workers; nothing was scored`,
  };
}

function outcomeOf(
  { verdict, already, report, reason }: JobOutcome,
  { problems, output }: { readonly problems: readonly Problem[]; readonly output: string },
): Outcome {
  const { totals, settings, result } = report;
  const facts = { verdict, already, result, total: report.total, totals, output };
  const fault = faultOf(verdictText(verdict, totals, settings.errorThreshold), { verdict, reason });
  if (fault !== undefined) {
    return { problems: [...problems, fault], json: facts, exitCode: EXIT_CODES[verdict] };
  }
  const where = result ?? `${output}/report.json`;
  const text = already
    ? `the job was complete before, nothing is changed: ${where}`
    : `complete: ${totals.succeeded} files succeeded, ${totals.failed} failed, ${totals.rows} rows in ${where}`;
  return { problems, json: facts, text, exitCode: EXIT_CODES.complete };
}

function faultOf(
  words: string,
  { verdict, reason }: Pick<JobOutcome, "verdict"> & { readonly reason: string | undefined },
): Problem | undefined {
  switch (verdict) {
    case "complete":
      return undefined;
    case "threshold":
      return {
        code: "BATCH_THRESHOLD",
        severity: "error",
        message: words,
        hint: "raise --error-threshold, and the job goes on where it stopped; report.json names the files",
      };
    case "nothing":
      return {
        code: "BATCH_NOTHING",
        severity: "error",
        message: words,
        hint: "look at report.json and logs/user of the output folder",
      };
    case "stopped":
      return {
        code: "BATCH_STOPPED",
        severity: "error",
        message: reason === undefined ? words : `${words} (${reason})`,
        hint: "run the same command again",
      };
  }
}
