/** A runtime that `edgewright run` starts on this machine: options in and readiness out by message. */

import { UserError } from "../core/problem.ts";
import type { Problem } from "../core/problem.ts";
import { createLeave } from "./leave.ts";
import { createLog } from "./log/log.ts";
import type { LogLevel } from "./log/log.ts";
import { watchScripts } from "./scripts/watch.ts";
import { serve } from "./serve.ts";
import type { ServeOptions } from "./serve.ts";

export type LocalOptions = Omit<ServeOptions, "log" | "clock"> & {
  readonly logLevel: LogLevel;
  /** Whether a script that is saved is loaded again. */
  readonly watch?: boolean;
};

export type LocalMessage =
  | { readonly kind: "ready"; readonly url: string; readonly metricsUrl?: string }
  | { readonly kind: "failed"; readonly problems: readonly Problem[] }
  | { readonly kind: "bug"; readonly stack: string };

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** The exit waits until the message has left. */
function tell(message: LocalMessage, exitCode?: number): void {
  process.send?.(message, () => {
    if (exitCode !== undefined) process.exit(exitCode);
  });
}

process.once("message", (options: LocalOptions) => void start(options));

async function start({ logLevel, watch = false, ...options }: LocalOptions): Promise<void> {
  try {
    const log = createLog(logLevel, process.stderr);
    const running = await serve({ ...options, log, clock });
    if (watch) watchScripts(options.endpoint.deployments, running.reload);
    const leave = createLeave(running);
    process.on("SIGTERM", leave);
    process.on("SIGINT", leave);
    process.on("SIGHUP", leave);
    // Whoever started it is gone.
    process.once("disconnect", leave);
    const { url, metricsUrl } = running;
    tell({ kind: "ready", url, ...(metricsUrl !== undefined && { metricsUrl }) });
  } catch (error) {
    if (error instanceof UserError) tell({ kind: "failed", problems: error.problems }, 1);
    else tell({ kind: "bug", stack: (error as Error).stack ?? String(error) }, 70);
  }
}
