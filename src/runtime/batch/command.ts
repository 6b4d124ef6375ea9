/** `batch` as an image's command: a job engine starts it, its flags and variables say which piece. */

import { parseArgs } from "node:util";

import type { Clock, Log } from "../../core/ports.ts";
import { userError } from "../../core/problem.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { deploymentFrom, JOB_FLAGS, placesFrom, settingsFrom } from "./flags.ts";
import type { Flags, JobPlaces } from "./flags.ts";
import { runJob } from "./job.ts";
import { sayOutcome } from "./report/outcome.ts";
import type { Said } from "./report/outcome.ts";
import { renderProgress } from "./report/progress.ts";
import { scoringFor } from "./workers/scoring.ts";
import type { Variables } from "./shards/shards.ts";

export type BatchCommandOptions = {
  /** What follows `batch`. */
  readonly argv: readonly string[];
  readonly endpoint: ResolvedEndpoint;
  readonly env: Variables;
  readonly cwd: string;
  readonly host: string;
  readonly pid: number;
  readonly clock: Clock;
  readonly stamp: () => string;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** Where an image has it. */
const DEBIANS_PYTHON = "/usr/bin/python3";
const LINE_MS = 10_000;

/** @returns the exit code. @throws UserError */
export async function runBatchCommand(options: BatchCommandOptions): Promise<number> {
  const { cwd, env, log } = options;
  const flags = parseFlags(options.argv);
  const places = placesFrom(flags, cwd, env);
  const { exitCode, problem, text } = await runFlaggedJob({ ...options, flags, places });
  if (problem === undefined) log.info(text);
  else log.error(text, { code: problem.code });
  return exitCode;
}

export type FlaggedJobOptions = Omit<BatchCommandOptions, "argv" | "cwd"> & {
  readonly flags: Flags;
  readonly places: JobPlaces;
  /** Debian's where absent. */
  readonly python?: string | undefined;
  readonly within?: readonly string[];
  readonly waits?: boolean;
};

/** The job of an endpoint's deployment, with a line of progress in the log now and then. @throws UserError */
export async function runFlaggedJob(options: FlaggedJobOptions): Promise<Said> {
  const { endpoint, flags, places, log } = options;
  const { deployment, batch } = deploymentFrom(endpoint, flags);
  const settings = settingsFrom(batch, flags);
  const common = { ...options, ...places, settings };
  const python = options.python ?? DEBIANS_PYTHON;
  const scoring = await scoringFor({ ...common, deployment, python });
  let last = Number.NEGATIVE_INFINITY;
  const outcome = await runJob({
    ...common,
    ...scoring,
    endpoint: endpoint.name,
    deployment: deployment.name,
    onProgress: (progress) => {
      if (progress.updatedMs - last < LINE_MS) return;
      last = progress.updatedMs;
      log.info(renderProgress(progress));
    },
  });
  return sayOutcome(outcome, places.output);
}

function parseFlags(argv: readonly string[]): Flags {
  try {
    const options = Object.fromEntries(
      Object.entries(JOB_FLAGS).map(([name, { type, ...more }]) => [
        name,
        { type, ...("short" in more && { short: more.short }) },
      ]),
    );
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw userError("CLI_USAGE", (error as Error).message);
  }
}
