/** A job as whoever asks is told of it. */

import type { Progress } from "../report/progress.ts";
import type { JobRecord } from "./record.ts";
import { underscored } from "./request.ts";

export type JobView = Readonly<Record<string, unknown>> & { readonly id: string };

/** @param position of a job that waits: 1 is the next one */
export function jobView(record: JobRecord, progress?: Progress, position?: number): JobView {
  const { flags, problem, places } = record;
  const settings = Object.entries(flags).filter(([name]) => name !== "deployment");
  return {
    ...jobSummary(record),
    ...(position !== undefined && { position }),
    ...(places.inputList !== undefined && { inputList: places.inputList }),
    settings: Object.fromEntries(settings.map(([name, value]) => [underscored(name), value])),
    ...(progress && { progress: progressView(progress) }),
    ...(record.state === "complete" &&
      record.result !== null && { result: `/jobs/${record.id}/result` }),
    ...(problem && {
      error: {
        code: problem.code,
        message: problem.message,
        ...(problem.hint !== undefined && { hint: problem.hint }),
      },
    }),
  };
}

export function jobSummary(record: JobRecord): JobView {
  const { id, state, deployment, places, createdMs, startedMs, endedMs } = record;
  return {
    id,
    status: state,
    deployment,
    input: places.input,
    output: places.output,
    created: timeText(createdMs),
    ...(startedMs !== undefined && { started: timeText(startedMs) }),
    ...(endedMs !== undefined && { ended: timeText(endedMs) }),
  };
}

/** RFC 3339, UTC. */
function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function progressView({ totals, total, rate, leftMs, elapsedMs, starts, workers }: Progress) {
  const { files, succeeded, failed, rows, retries, miniBatches, failedMiniBatches } = totals;
  return {
    files,
    total,
    succeeded,
    failed,
    rows,
    miniBatches,
    failedMiniBatches,
    retries,
    starts,
    workers,
    filesPerSecond: Math.round(rate * 100) / 100,
    elapsedSeconds: Math.round(elapsedMs / 1000),
    ...(leftMs !== undefined && { secondsLeft: Math.round(leftMs / 1000) }),
  };
}
