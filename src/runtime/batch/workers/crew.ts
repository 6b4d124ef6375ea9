/** Workers that take mini-batches until none is left, with every try that the settings allow. */

import { UserError, userError } from "../../../core/problem.ts";
import type { Entry } from "../journal/ledger.ts";
import type { Attempt, MiniBatch, Worker } from "./mini-batch.ts";
import type { Source } from "./source.ts";

export type CrewOptions = {
  readonly workers: readonly Worker[];
  readonly source: Source;
  readonly tries: number;
  readonly timeoutMs: number;
  /** Mini-batches that were done before. */
  readonly skip: (miniBatch: MiniBatch) => boolean;
  /** One is done; false: no more of them. @throws Error when it cannot be kept */
  readonly done: (entry: Entry, rows: Uint8Array) => boolean;
  readonly signal: AbortSignal;
};

/**
 * Resolves when all is done, or nothing more is to be.
 *
 * @throws UserError SCRIPT_FAILED where a worker cannot be started; Error of `done`
 */
export async function workThrough(options: CrewOptions): Promise<void> {
  const { workers, signal } = options;
  const turn = { over: signal.aborted };
  const end = (): void => {
    turn.over = true;
    for (const worker of workers) void worker.kill();
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    await Promise.all(workers.map((worker, index) => workOne(worker, { ...options, index, turn })));
    if (!turn.over) await Promise.all(workers.map((worker) => worker.finish()));
  } finally {
    signal.removeEventListener("abort", end);
    turn.over = true;
    await Promise.all(workers.map((worker) => worker.kill()));
  }
}

type Turn = CrewOptions & { readonly index: number; readonly turn: { over: boolean } };

async function workOne(worker: Worker, options: Turn): Promise<void> {
  const { source, skip, done, index, turn, workers } = options;
  let started = false;
  try {
    while (!turn.over) {
      const { value: miniBatch } = await source.next();
      if (miniBatch === undefined || turn.over) return;
      if (skip(miniBatch)) continue;
      if (!started) await startFirst(worker, turn);
      started = true;
      if (turn.over) return;
      const { attempt, tries } = await tryAll(worker, miniBatch, options);
      if (turn.over || attempt === undefined) return;
      const { entry, rows } = settled(miniBatch, attempt, { tries, worker: index });
      if (!done(entry, rows)) {
        turn.over = true;
        await Promise.all(workers.map((other) => other.kill()));
      }
    }
  } catch (error) {
    turn.over = true;
    await Promise.all(workers.map((other) => other.kill()));
    throw error;
  }
}

async function startFirst(worker: Worker, turn: { readonly over: boolean }): Promise<void> {
  try {
    await worker.start();
  } catch (error) {
    if (turn.over) return;
    if (error instanceof UserError) throw error;
    throw userError("SCRIPT_FAILED", `a worker cannot be started: ${(error as Error).message}`, {
      hint: "Look at the traceback in logs/user/stderr of the output folder.",
    });
  }
}

async function tryAll(
  worker: Worker,
  miniBatch: MiniBatch,
  { tries, timeoutMs, turn }: Turn,
): Promise<{ attempt: Attempt | undefined; tries: number }> {
  let attempt: Attempt | undefined;
  for (let count = 1; count <= tries; count += 1) {
    attempt = await worker.score(miniBatch, timeoutMs);
    if (turn.over) return { attempt: undefined, tries: count };
    if (attempt.kind === "scored") return { attempt, tries: count };
  }
  return { attempt, tries };
}

const NO_ROWS = new Uint8Array();

function settled(
  miniBatch: MiniBatch,
  attempt: Attempt,
  { tries, worker }: { readonly tries: number; readonly worker: number },
): { readonly entry: Entry; readonly rows: Uint8Array } {
  const common = { id: miniBatch.id, files: miniBatch.ending, tries, worker };
  if (attempt.kind === "scored") {
    const { kind: _, bytes, ...facts } = attempt;
    return { entry: { ...common, ...facts, ok: true }, rows: bytes };
  }
  const timing = { readMs: 0, runMs: attempt.runMs, writeMs: 0 };
  const failed = { ...common, ok: false, rows: 0, head: "", timing };
  return { entry: { ...failed, ...failure(miniBatch, attempt.reason) }, rows: NO_ROWS };
}

/** A file that is cut into parts fails once, however many of them do. */
function failure(
  { files, paths, span }: MiniBatch,
  message: string,
): Pick<Entry, "failedItems" | "errors"> {
  if (span === undefined) return { failedItems: files.length, errors: [{ message }] };
  const [file = 0] = files;
  return { failedItems: 0, errors: [{ file, path: paths[0] ?? "", message }] };
}
