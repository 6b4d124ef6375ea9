/** The runtime as a process of its own, without what the command line has loaded: as in an image. */

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { NODE_FLAGS } from "../../core/node-flags.ts";
import { UserError, userError } from "../../core/problem.ts";
import type { LocalMessage, LocalOptions } from "../../runtime/local.ts";

export type LocalRuntime = {
  readonly url: string;
  readonly metricsUrl?: string;
  readonly pid: number;
  /** Asks it to end, as a container engine would. */
  readonly stop: () => void;
  /** Settles when it has ended. @throws UserError where it did not end by itself */
  readonly ended: Promise<void>;
};

/** @throws UserError with the runtime's own problems; Error for its bugs */
export async function startLocalRuntime(options: LocalOptions): Promise<LocalRuntime> {
  const child = fork(fileURLToPath(new URL("../../runtime/local.js", import.meta.url)), {
    execArgv: [...NODE_FLAGS],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = exitOf(child);
  child.send(options);
  const first = await Promise.race([once(child, "message") as Promise<[LocalMessage]>, ended]);
  const message = Array.isArray(first) ? first[0] : undefined;
  switch (message?.kind) {
    case "ready": {
      const { url, metricsUrl } = message;
      const stop = (): void => void child.kill("SIGTERM");
      return {
        url,
        ...(metricsUrl !== undefined && { metricsUrl }),
        pid: child.pid ?? 0,
        stop,
        ended,
      };
    }
    case "failed":
      throw new UserError(message.problems);
    case "bug":
      throw new Error(message.stack);
    case undefined:
      throw userError("RUNTIME_ENDED", "the runtime ended before it was ready");
  }
}

async function exitOf(child: ChildProcess): Promise<void> {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (code === 0) return;
  throw userError("RUNTIME_ENDED", `the runtime ended with ${signal ?? `exit code ${code}`}`, {
    hint:
      signal === null
        ? "Its last lines above say why; run it again with --log-level debug for more."
        : "A model may have done that inside ONNX Runtime: with edge.placement: process it takes nothing else with it.",
  });
}
