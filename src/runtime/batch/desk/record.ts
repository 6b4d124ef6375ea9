/** What is kept of a job that was asked for: enough to run it again after any end, and to tell how it went. */

import type { Problem } from "../../../core/problem.ts";
import type { JobPlaces } from "../flags.ts";
import type { Progress } from "../report/progress.ts";

export type JobState = "queued" | "running" | "cancelling" | "complete" | "failed" | "cancelled";

export type JobRecord = {
  readonly id: string;
  /** Counts from 1 in the order they were asked for, which is the order they run in. */
  readonly number: number;
  readonly state: JobState;
  readonly deployment: string;
  readonly places: JobPlaces;
  /** Settings that differ from the deployment's, by the names of the flags of `batch`. */
  readonly flags: Readonly<Record<string, string>>;
  /** Path and media type of the result; null where the job writes no rows. */
  readonly result: { readonly path: string; readonly type: string } | null;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
  readonly startedMs?: number;
  readonly endedMs?: number;
  /** Input files that were done when its process was last started. */
  readonly mark: number;
  /** How often in a row its process ended by itself and had done no file more. */
  readonly stuck: number;
  /** As it was at the end. */
  readonly progress?: Progress;
  /** Why it failed. */
  readonly problem?: Problem;
};

export function isOver({ state }: Pick<JobRecord, "state">): boolean {
  return state === "complete" || state === "failed" || state === "cancelled";
}
