/** The command line as a process of its own, as users have it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import type { Problem } from "../../src/core/problem.ts";
import { REPOSITORY } from "./repository.ts";

const BIN = `${REPOSITORY}bin/edgewright.js`;

/** A command that hangs ends here, and the test says which it was. */
const TIMEOUT_MS = 240_000;

export type Finished = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly input?: string;
};

export async function edgewright(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd ?? REPOSITORY,
    env: { ...process.env, ...options.env },
    stdio: "pipe",
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  child.stdin.end(options.input ?? "");
  const exit = once(child, "exit") as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exit,
  ]);
  return { code, stdout, stderr };
}

export type Document = { readonly ok: boolean; readonly problems: readonly Problem[] } & Record<
  string,
  unknown
>;

/** With `--json`: the exit code and the one document on stdout. */
export async function edgewrightJson(
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ code: number | null; document: Document; stderr: string }> {
  const { code, stdout, stderr } = await edgewright([...args, "--json"], options);
  return { code, document: JSON.parse(stdout) as Document, stderr };
}

export type RunningProcess = {
  readonly url: string;
  readonly pid: number;
  readonly deployments: readonly string[];
  /** Where `--metrics-port` is given. */
  readonly metricsUrl?: string;
  /** Sends SIGTERM; gives the exit code. */
  readonly terminate: () => Promise<number | null>;
};

/** `edgewright run ... --port 0`, once it says that it is ready. */
export async function startRun(
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunningProcess> {
  const child = spawn(process.execPath, [BIN, "run", ...args, "--port", "0", "--json"], {
    cwd: options.cwd ?? REPOSITORY,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  const lines = createInterface(child.stdout);
  const first = await Promise.race([once(lines, "line") as Promise<[string]>, exit]);
  const ready = JSON.parse(String(first[0])) as Omit<RunningProcess, "terminate">;
  return {
    ...ready,
    terminate: async () => {
      process.kill(ready.pid, "SIGTERM");
      return (await exit)[0];
    },
  };
}
