/**
 * A signal to `batch` while the program itself is still being loaded, which takes longer than all the
 * rest of a start: nothing is begun, and it ends as a job does that may be started again.
 */

import type { Problem } from "../core/problem.ts";
import { EXIT_CODES } from "../runtime/batch/report/verdict.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** @param argv what follows the program's name */
export function hearFirstSignal(argv: readonly string[]): void {
  const name = argv.find((arg) => arg !== "--json");
  if (name === "batch") for (const signal of SIGNALS) process.once(signal, leave);
}

/** The command has its own ear now, or wants none. */
export function leaveSignalsAlone(): void {
  for (const signal of SIGNALS) process.off(signal, leave);
}

const STOPPED: Problem = {
  code: "BATCH_STOPPED",
  severity: "error",
  message: "stopped before it began; start it again",
};

function leave(): void {
  if (process.argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ ok: false, problems: [STOPPED] })}\n`);
  } else process.stderr.write(`${STOPPED.severity} ${STOPPED.code}  ${STOPPED.message}\n`);
  process.exit(EXIT_CODES.stopped);
}
