/** `edgewright batch SPEC --input PATH --output DIR`: a batch job on this machine, or one shard of it. */

import { hostname } from "node:os";

import { hasErrors } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { deploymentFrom, JOB_FLAGS, placesFrom, settingsFrom } from "../../runtime/batch/flags.ts";
import type { JobPlaces } from "../../runtime/batch/flags.ts";
import { listInputs } from "../../runtime/batch/input/inputs.ts";
import { runJob } from "../../runtime/batch/job.ts";
import { sayOutcome } from "../../runtime/batch/report/outcome.ts";
import { scoringFor } from "../../runtime/batch/workers/scoring.ts";
import { workerCount } from "../../runtime/batch/settings.ts";
import type { JobSettings } from "../../runtime/batch/settings.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { createProgressView } from "../batch/progress.ts";
import { RENDER_OPTIONS, renderJob } from "../batch/job-manifest.ts";
import { jobStatus, merge } from "../batch/verbs.ts";
import type { Command, Invocation, Outcome } from "../command.ts";
import { DEVICE_OPTION, loadEndpoint } from "../given/endpoint.ts";
import { MODEL_OPTIONS, servedFrom } from "../given/models.ts";
import { createPlainLog } from "../terminal/plain-log.ts";
import { askedPython, interpretersOf } from "../machine/python.ts";

type Verb = (invocation: Invocation) => Promise<Outcome>;

const VERBS: Readonly<Record<string, Verb>> = { status: jobStatus, merge, render: renderJob };

export const BATCH: Command = {
  name: "batch",
  usage: "SPEC... --input PATH --output DIR | status DIR | merge DIR | render SPEC...",
  summary: "score a folder of files: a job that can be killed and goes on where it was",
  options: {
    ...JOB_FLAGS,
    "dry-run": { type: "boolean", summary: "count the files and mini-batches, score nothing" },
    ...RENDER_OPTIONS,
    python: {
      type: "string",
      value: "PATH",
      summary: "interpreter of the script; otherwise the first that has all it imports",
    },
    ...MODEL_OPTIONS,
    ...DEVICE_OPTION,
  },
  run: (invocation) => {
    const verb = VERBS[invocation.args[0] ?? ""] ?? run;
    return verb(invocation);
  },
};

async function run(invocation: Invocation): Promise<Outcome> {
  const { signal, cwd, env, options } = invocation;
  const places = placesFrom(options, cwd, env);
  const read = await loadEndpoint(invocation);
  if (!read.ok) return { problems: read.problems };
  const endpoint = servedFrom(read.value.endpoint, read.value.models);
  const problems: Problem[] = [...read.problems];
  const { deployment, batch } = deploymentFrom(endpoint, options);
  const settings = settingsFrom(batch, options);
  if (options["dry-run"] === true) return dryRun(places, { settings, deployment, problems });
  const python = await pythonOf(endpoint, deployment, invocation);
  problems.push(...python.problems);
  if (hasErrors(problems)) return { problems };
  const log = createPlainLog("warn", invocation.progress);
  const view = createProgressView(invocation);
  const common = { ...places, pid: process.pid, log, settings };
  const scoring = await scoringFor({ ...common, deployment, endpoint, env, python: python.path });
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
  const { verdict, already, report } = outcome;
  const { result, total, totals } = report;
  const { exitCode, problem, text } = sayOutcome(outcome, places.output);
  const json = { verdict, already, result, total, totals, output: places.output };
  return problem === undefined
    ? { problems, json, text, exitCode }
    : { problems: [...problems, problem], json, exitCode };
}

async function pythonOf(
  endpoint: ResolvedEndpoint,
  deployment: ResolvedDeployment,
  { options, env, cwd }: Invocation,
): Promise<{ path: string; problems: readonly Problem[] }> {
  const asked = askedPython(options["python"], cwd);
  const only = { ...endpoint, deployments: [deployment] };
  const { byDeployment, problems } = await interpretersOf(only, { asked, env });
  return { path: byDeployment.get(deployment.name)?.path ?? "", problems };
}

type DryRun = {
  readonly settings: JobSettings;
  readonly deployment: ResolvedDeployment;
  readonly problems: readonly Problem[];
};

function dryRun(places: JobPlaces, { settings, deployment, problems }: DryRun): Outcome {
  const { files, skipped } = listInputs(places);
  const noted: readonly Problem[] =
    skipped === undefined ? [] : [{ code: "BATCH_INPUT", severity: "warning", message: skipped }];
  const miniBatches = Math.ceil(files.length / settings.miniBatchSize);
  const workers = workerCount(settings, places.shard);
  return {
    problems: [...problems, ...noted],
    json: { deployment: deployment.name, files: files.length, miniBatches, workers, settings },
    text: `${files.length} files in ${miniBatches} mini-batches of ${settings.miniBatchSize}, ${workers} workers; nothing was scored`,
  };
}
