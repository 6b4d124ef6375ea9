/** The jobs that wait, worked on one after the other, each until it is over, whatever becomes of its process. */

import type { Clock, Log } from "../../../core/ports.ts";
import type { Problem } from "../../../core/problem.ts";
import { jobFolder } from "../journal/folder.ts";
import { readProgress } from "../report/progress.ts";
import type { Progress } from "../report/progress.ts";
import { isOver } from "./record.ts";
import type { JobRecord, JobState } from "./record.ts";
import type { JobRecords } from "./records.ts";
import type { JobRun, RunEnd } from "./run.ts";

export type JobLineOptions = {
  readonly records: JobRecords;
  readonly start: (record: JobRecord) => JobRun;
  readonly clock: Clock;
  /** Told how a job ended. */
  readonly onEnd: (deployment: string, state: JobState) => void;
  /** Told that the process of a job ended by itself. */
  readonly onDeath: (deployment: string) => void;
  readonly log: Log;
};

/** Ends of a job's process in a row, none of them with a file more done. */
const MOST_STUCK = 3;
const RESTART_MS = 1_000;
/** For a mini-batch that cannot be let go of. */
const STOP_LIMIT_MS = 6_000;

export class JobLine {
  readonly #options: JobLineOptions;
  #current: { readonly id: string; readonly over: Promise<void> } | undefined;
  #run: JobRun | undefined;
  #stopping = false;

  constructor(options: JobLineOptions) {
    this.#options = options;
  }

  /** Of the job that is worked on. */
  get current(): string | undefined {
    return this.#current?.id;
  }

  /** Those that are not worked on yet, in their order. */
  waiting(): readonly JobRecord[] {
    return this.active().filter(({ id }) => id !== this.current);
  }

  active(): readonly JobRecord[] {
    return this.#options.records.all().filter((record) => !isOver(record));
  }

  /** To be called whenever there is a job more. */
  wake(): void {
    if (this.#stopping || this.#current !== undefined) return;
    const [next] = this.active();
    if (next === undefined) return;
    const over = this.#work(next.id)
      .catch((error: unknown) => this.#failed(next.id, error))
      .then(() => {
        this.#current = undefined;
        this.wake();
      });
    this.#current = { id: next.id, over };
  }

  /** What it has done is kept; at once where it is not worked on. */
  cancel(record: JobRecord): void {
    if (record.id !== this.current) {
      this.#end(record, "cancelled");
      return;
    }
    this.#options.records.change({ ...record, state: "cancelling" });
    this.#leave();
  }

  /** Lets go of what is worked on: the next start of the module goes on with it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#leave();
    await this.#current?.over;
  }

  async #work(id: string): Promise<void> {
    const { start, clock, records } = this.#options;
    // Whoever asked for the job gets an answer before its process is started.
    await Promise.resolve();
    for (;;) {
      const record = this.#known(id);
      if (this.#stopping || isOver(record)) return;
      if (record.state === "cancelling") {
        this.#end(record, "cancelled");
        return;
      }
      const mark = progressOf(record)?.totals.files ?? 0;
      const stuck = record.state === "running" && mark <= record.mark ? record.stuck + 1 : 0;
      if (stuck >= MOST_STUCK) {
        this.#end(record, "failed", died(stuck));
        return;
      }
      const startedMs = record.startedMs ?? clock.now();
      records.change({ ...record, state: "running", mark, stuck, startedMs });
      this.#run = start(record);
      const last = await this.#run.ended;
      this.#run = undefined;
      this.#settle(this.#known(id), last);
      if (last.kind === "died" && !this.#stopping) await pause(RESTART_MS);
    }
  }

  #settle(record: JobRecord, last: RunEnd): void {
    const { records, log, onDeath } = this.#options;
    const ours = this.#stopping && (last.kind === "died" || last.problem?.code === "BATCH_STOPPED");
    if (ours && record.state !== "cancelling") {
      // To be gone on with as if it had never been started.
      records.change({ ...record, state: "queued" });
    } else if (last.kind === "died") {
      log.error(`the process of job ${record.id} is gone: ${last.reason}`);
      onDeath(record.deployment);
    } else if (last.exitCode === 0) this.#end(record, "complete");
    else if (record.state === "cancelling") this.#end(record, "cancelled");
    else this.#end(record, "failed", last.problem);
  }

  #end(record: JobRecord, state: JobState, problem?: Problem): void {
    const { records, clock, log, onEnd } = this.#options;
    const progress = progressOf(record);
    records.change({
      ...record,
      state,
      endedMs: clock.now(),
      ...(progress && { progress }),
      ...(problem && { problem }),
    });
    log.info(`job ${record.id} is ${state}${problem === undefined ? "" : `: ${problem.message}`}`);
    onEnd(record.deployment, state);
  }

  #failed(id: string, error: unknown): void {
    const { message, stack } = error as Error;
    this.#options.log.error(stack ?? message);
    this.#end(this.#known(id), "failed", { code: "BUG", severity: "error", message });
  }

  /** In good order; what does not leave in time is ended, and loses the mini-batches that run. */
  #leave(): void {
    const run = this.#run;
    if (run === undefined) return;
    run.stop();
    const late = setTimeout(run.kill, STOP_LIMIT_MS);
    void run.ended.then(() => clearTimeout(late));
  }

  #known(id: string): JobRecord {
    const record = this.#options.records.get(id);
    if (record === undefined) throw new Error(`job ${id} is worked on and not known`);
    return record;
  }
}

/** How far it is, as its folder says. */
export function progressOf({ places, startedMs, progress }: JobRecord): Progress | undefined {
  if (progress !== undefined) return progress;
  // Before its start the folder may tell of a job that wrote there before.
  if (startedMs === undefined) return undefined;
  return readProgress(jobFolder(places.output, { shard: undefined, outputFileName: "" }).state);
}

function died(times: number): Problem {
  return {
    code: "JOB_DIED",
    severity: "error",
    message: `its process ended by itself ${times} times in a row, and did no more file`,
    hint: "Look for a lack of memory in the module's log and the kernel's; ask again with a smaller mini_batch_size or fewer workers.",
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
