/** A job that a module was asked for, in a process of its own: order in, last word out by message. */

import { writeFileSync } from "node:fs";
import { hostname } from "node:os";

import { ScoringError, UserError } from "../core/problem.ts";
import type { Log } from "../core/ports.ts";
import { disableTelemetry } from "../model/onnxruntime.ts";
import { runFlaggedJob } from "./batch/command.ts";
import { placesWithin } from "./batch/desk/places.ts";
import type { JobOrder, JobWord } from "./batch/desk/run.ts";
import { createLog } from "./log/log.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
// A signal to the whole group is the module's to handle.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
// Whoever gave the order is gone, and goes on with the job when it is back.
process.once("disconnect", () => stop.abort());
process.once("message", (order: JobOrder) => void work(order));

async function work(order: JobOrder): Promise<void> {
  preferToBeKilled();
  const log = createLog(order.logLevel, process.stderr);
  const word = await run(order, log).catch((error: unknown) => wordOf(error, log));
  if (process.connected) process.send?.(word, () => process.exit(0));
  else process.exit(0);
}

async function run(order: JobOrder, log: Log): Promise<JobWord> {
  disableTelemetry();
  const { within } = order;
  // Links may have changed since it was asked for.
  const places = placesWithin(within, order.places);
  const { exitCode, problem } = await runFlaggedJob({
    ...order,
    places,
    waits: true,
    host: hostname(),
    pid: process.pid,
    clock,
    stamp: () => new Date().toISOString(),
    signal: stop.signal,
    log,
  });
  return { exitCode, ...(problem && { problem }) };
}

function wordOf(error: unknown, log: Log): JobWord {
  if (error instanceof UserError) {
    const [problem] = error.problems;
    return { exitCode: 1, ...(problem && { problem }) };
  }
  const { message, stack } = error as Error;
  if (error instanceof ScoringError) {
    return { exitCode: 1, problem: { code: error.code, severity: "error", message } };
  }
  log.error(stack ?? message);
  return { exitCode: 70, problem: { code: "BUG", severity: "error", message } };
}

/** Where memory is short the kernel is to take this process, and never the module. @source proc(5): oom_score_adj */
function preferToBeKilled(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // No such kernel: it takes whom it likes.
  }
}
