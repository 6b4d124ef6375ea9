/**
 * Where the runtime takes jobs: the desk of a batch endpoint, its metrics, and what the fronts need of
 * it. It is imported for batch endpoints alone.
 */

import { randomUUID } from "node:crypto";
import { join } from "node:path";

import type { Clock, Log } from "../core/ports.ts";
import type { ScoringResponse } from "../core/scoring.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";
import { openJobDesk } from "./batch/desk/desk.ts";
import type { JobDesk } from "./batch/desk/desk.ts";
import { openJobRecords } from "./batch/desk/records.ts";
import { startJobRun } from "./batch/desk/run.ts";
import { createJobRoutes } from "./fronts/jobs.ts";
import type { JobRoutes } from "./fronts/jobs.ts";
import type { LogLevel } from "./log/log.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { countJobs } from "./metrics/jobs.ts";
import type { ScriptHost } from "./deployments/script-engine.ts";
import { errorResponse } from "./wire/fault.ts";
import { jobsDocument } from "./wire/openapi/jobs.ts";

export type JobSettings = {
  /** Folders that jobs may read and write. */
  readonly folders: readonly string[];
  /** Of the processes that jobs run in. */
  readonly logLevel: LogLevel;
};

export type JobsOptions = JobSettings & {
  readonly endpoint: ResolvedEndpoint;
  readonly scripts: ScriptHost | undefined;
  readonly secured: boolean;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
};

export type Jobs = {
  readonly routes: JobRoutes;
  readonly openApi: (query: string) => Promise<ScoringResponse>;
  /** Direct methods: their payload in, status and JSON out. */
  readonly methods: Readonly<Record<string, (payload: unknown) => ScoringResponse>>;
  readonly stats: () => object;
  readonly stop: () => Promise<void>;
};

/** In the first data folder: what edgewright keeps of jobs. */
const RECORDS_FOLDER = ".edgewright/jobs";

export function openJobs(options: JobsOptions): Jobs {
  const { endpoint, folders, metrics, clock, log, scripts, logLevel } = options;
  const [home] = folders;
  if (home === undefined) {
    log.warn(
      "there is no data folder: jobs are refused; write edge.volume, or set EDGEWRIGHT_DATA",
    );
  }
  const counts = countJobs(
    metrics,
    endpoint.deployments.map(({ name }) => name),
    () => desk.now(),
  );
  const desk = openJobDesk({
    endpoint,
    folders,
    logLevel,
    log,
    clock,
    records: openJobRecords(home === undefined ? undefined : join(home, RECORDS_FOLDER), log),
    python: scripts?.python ?? {},
    env: scripts?.env ?? {},
    start: startJobRun,
    createId: randomUUID,
    onEnd: counts.ended,
    onDeath: counts.died,
  });
  return {
    routes: createJobRoutes(desk),
    openApi: jobsDocument(endpoint, options.secured),
    methods: jobMethods(desk),
    stats: () => {
      const { waiting, running } = desk.now();
      return { folders, waiting, running: running ? 1 : 0 };
    },
    stop: desk.stop,
  };
}

function jobMethods(desk: JobDesk): Jobs["methods"] {
  return {
    startJob: answering(202, desk.submit),
    jobStatus: answering(200, (payload) => {
      const id = idIn(payload);
      return id === "" ? { jobs: desk.list() } : desk.view(id);
    }),
    cancelJob: answering(202, (payload) => desk.cancel(idIn(payload))),
  };
}

function answering(
  status: number,
  work: (payload: unknown) => object,
): (payload: unknown) => ScoringResponse {
  return (payload) => {
    try {
      const headers = { "content-type": "application/json" };
      return { status, headers, body: Buffer.from(JSON.stringify(work(payload))) };
    } catch (error) {
      return errorResponse(error);
    }
  };
}

/** `{"id": "…"}`, or the id itself. */
function idIn(payload: unknown): string {
  const id =
    typeof payload === "object" && payload !== null && "id" in payload ? payload.id : payload;
  return typeof id === "string" ? id : "";
}
