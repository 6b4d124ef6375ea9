/** A module as a process of this machine. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import type { ModuleEnvironment, RunningModule } from "./module-runner.ts";

export type ProcessOptions = {
  readonly command: readonly [program: string, ...parameters: string[]];
  /** Beside what the daemon gives; nothing else of this process' environment goes along. */
  readonly env: ModuleEnvironment;
  /** One line of what it says. */
  readonly onLine: (line: string) => void;
};

/** edgeAgent's engine kills after 10 s. */
const GRACE_MS = 10_000;

export function startProcess(
  { command: [program, ...parameters], env, onLine }: ProcessOptions,
  daemonEnv: ModuleEnvironment,
): Promise<RunningModule & { readonly pid: number }> {
  const child = spawn(program, parameters, {
    env: { ...env, ...daemonEnv },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on("line", onLine);
  const ended = once(child, "exit").then(([code, signal]) =>
    signal === null ? `exit code ${String(code)}` : `signal ${String(signal)}`,
  );
  const running = {
    pid: child.pid ?? 0,
    kill: (): void => void child.kill("SIGKILL"),
    stop: async (): Promise<void> => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      await ended;
      clearTimeout(late);
    },
    ended,
  };
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(running));
  });
}
