/**
 * The story of jobs in a module: asked for → on the disk → one after the other in processes of their
 * own → told of. An end of the module, however it came, ends no job: the next start goes on.
 */

import { statSync } from "node:fs";
import { join } from "node:path";

import { ScoringError } from "../../../core/problem.ts";
import { jobFolder } from "../journal/folder.ts";
import type { Progress } from "../report/progress.ts";
import { isInside, realPath } from "../input/real-path.ts";
import { JobLine, progressOf } from "./line.ts";
import type { JobLineOptions } from "./line.ts";
import { placesWithin } from "./places.ts";
import { isOver } from "./record.ts";
import type { JobRecord } from "./record.ts";
import { mediaType, readJobRequest } from "./request.ts";
import type { JobOrder, JobRun } from "./run.ts";
import { jobSummary, jobView } from "./view.ts";
import type { JobView } from "./view.ts";

export type JobDeskOptions = Omit<JobLineOptions, "start"> &
  Pick<JobOrder, "endpoint" | "env" | "logLevel"> & {
    /** Folders that jobs may read and write; relative paths count from the first. */
    readonly folders: readonly string[];
    /** Interpreters by deployment. */
    readonly python: Readonly<Record<string, string>>;
    readonly start: (order: JobOrder) => JobRun;
    readonly createId: () => string;
  };

export type JobDesk = {
  /** @throws ScoringError JOB_REQUEST, JOB_PLACE, JOB_STATE, JOB_QUEUE, JOB_STORE */
  readonly submit: (request: unknown) => JobView;
  /** Newest first. */
  readonly list: () => readonly JobView[];
  /** @throws ScoringError JOB_UNKNOWN */
  readonly view: (id: string) => JobView;
  /** What it has done is kept. @throws ScoringError JOB_UNKNOWN, JOB_STATE */
  readonly cancel: (id: string) => JobView;
  /** @throws ScoringError JOB_UNKNOWN, JOB_STATE */
  readonly result: (id: string) => JobResult;
  readonly now: () => JobsNow;
  /** Stops what runs, to be gone on with at the next start. */
  readonly stop: () => Promise<void>;
};

export type JobResult = { readonly path: string; readonly type: string; readonly bytes: number };

type JobsNow = {
  readonly waiting: number;
  readonly running: boolean;
  /** Of the job that runs, once it has said how far it is. */
  readonly progress?: Progress;
};

/** Jobs that may wait; each is a folder of files, so more is a mistake of whoever asks. */
const MOST_WAITING = 16;

/** Goes on with what was asked for before. */
export function openJobDesk(options: JobDeskOptions): JobDesk {
  const { records, start, log } = options;
  const line = new JobLine({ ...options, start: (record) => start(orderOf(record, options)) });
  const known = (id: string): JobRecord => {
    const record = records.get(id);
    if (record !== undefined) return record;
    throw new ScoringError("JOB_UNKNOWN", `there is no job '${id.slice(0, 100)}'`);
  };
  const view = (id: string): JobView => {
    const record = known(id);
    const at = line.waiting().findIndex((other) => other.id === id);
    return jobView(record, progressOf(record), at < 0 ? undefined : at + 1);
  };
  line.wake();
  return {
    view,
    list: () => records.all().toReversed().map(jobSummary),
    submit: (request) => {
      const record = recordOf(request, options);
      refuseCrowd(record, line);
      records.add(record);
      const { id, deployment, places } = record;
      log.info(`job ${id}: ${places.input} to ${places.output}`, { deployment });
      line.wake();
      return view(id);
    },
    cancel: (id) => {
      const record = known(id);
      if (isOver(record)) throw new ScoringError("JOB_STATE", `job ${id} is ${record.state}`);
      line.cancel(record);
      return view(id);
    },
    result: (id) => resultOf(known(id)),
    now: () => {
      const record = line.current === undefined ? undefined : records.get(line.current);
      const progress = record && progressOf(record);
      const running = record !== undefined;
      return { waiting: line.waiting().length, running, ...(progress && { progress }) };
    },
    stop: () => line.stop(),
  };
}

/** @throws ScoringError JOB_REQUEST, JOB_PLACE */
function recordOf(
  request: unknown,
  { endpoint, folders, records, clock, createId }: JobDeskOptions,
): JobRecord {
  const { deployment, places: asked, flags, settings } = readJobRequest(request, endpoint);
  const { outputFileName, outputAction, format } = settings;
  const id = createId();
  const places = placesWithin(folders, { output: join("jobs", id), ...asked });
  const { result } = jobFolder(places.output, { shard: undefined, outputFileName });
  return {
    id,
    number: (records.all().at(-1)?.number ?? 0) + 1,
    state: "queued",
    deployment,
    places,
    flags,
    result: outputAction === "append_row" ? { path: result, type: mediaType(format) } : null,
    createdMs: clock.now(),
    mark: 0,
    stuck: 0,
  };
}

/** @throws ScoringError JOB_STATE, JOB_QUEUE */
function refuseCrowd({ places: { output } }: JobRecord, line: JobLine): void {
  const other = line.active().find(({ places }) => overlap(places.output, output));
  if (other !== undefined) {
    throw new ScoringError("JOB_STATE", `job ${other.id} writes to ${other.places.output}`);
  }
  if (line.waiting().length >= MOST_WAITING) {
    throw new ScoringError("JOB_QUEUE", `${MOST_WAITING} jobs wait already: ask again later`);
  }
}

function overlap(one: string, other: string): boolean {
  return isInside(one, [other]) || isInside(other, [one]);
}

function orderOf({ deployment, flags, places }: JobRecord, options: JobDeskOptions): JobOrder {
  const { endpoint, folders, env, logLevel, python } = options;
  const within = folders.map((folder) => realPath(folder) ?? folder);
  return { endpoint, flags, places, within, env, logLevel, python: python[deployment] };
}

function resultOf({ id, state, result }: JobRecord): JobResult {
  if (state !== "complete") {
    throw new ScoringError("JOB_STATE", `job ${id} is ${state}, and has no result`);
  }
  if (result === null) {
    throw new ScoringError(
      "JOB_STATE",
      `job ${id} wrote no rows: its output_action is summary_only`,
    );
  }
  const bytes = statSync(result.path, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) {
    throw new ScoringError("JOB_UNKNOWN", `the result of job ${id} is gone: ${result.path}`);
  }
  return { ...result, bytes };
}
