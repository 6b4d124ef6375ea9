/** What does a job take, and what does it give? */

import type { Clock, Log } from "../../core/ports.ts";
import type { JobLogs } from "./report/logs.ts";
import type { Worker } from "./workers/mini-batch.ts";
import type { Progress } from "./report/progress.ts";
import type { Report } from "./report/report.ts";
import type { JobSettings, Shard } from "./settings.ts";
import type { Source } from "./workers/source.ts";
import type { Verdict } from "./report/verdict.ts";

export type JobOptions = {
  readonly endpoint: string;
  readonly deployment: string;
  readonly settings: JobSettings;
  /** Absolute. */
  readonly input: string;
  readonly inputList?: string;
  /** Absolute. */
  readonly output: string;
  readonly shard?: Shard;
  /** Folders that every input file lies in, whatever links say; anywhere where absent. */
  readonly within?: readonly string[];
  /** Whether it waits while another process works on it, as shards do, instead of being refused. */
  readonly waits?: boolean;
  /** Digest of what else decides the rows. */
  readonly job: string;
  /** Digest of the script and its model, which may change between two starts. */
  readonly sources: string;
  readonly scoring: Scoring;
  readonly host: string;
  readonly pid: number;
  readonly clock: Clock;
  /** The time as text, for people. */
  readonly stamp: () => string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
};

/** How a deployment's mini-batches are cut and scored. */
export type Scoring = {
  readonly workers: (surroundings: {
    readonly root: string;
    readonly logs: JobLogs;
  }) => readonly Worker[];
  readonly source: (root: string, files: readonly string[]) => Source;
};

export type JobOutcome = {
  readonly verdict: Exclude<Verdict, "running">;
  /** Whether it was complete before this start. */
  readonly already: boolean;
  readonly report: Report;
  /** Why it stopped, where that was no signal. */
  readonly reason?: string;
};
