/** One run of a job in a process of its own, seen from the module: what it does to memory ends there. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { NODE_FLAGS } from "../../../core/node-flags.ts";
import type { Problem } from "../../../core/problem.ts";
import type { ResolvedEndpoint } from "../../../spec/resolved.ts";
import type { Flags, JobPlaces } from "../flags.ts";

/** What the process is told; plain data. */
export type JobOrder = {
  readonly endpoint: ResolvedEndpoint;
  readonly flags: Flags;
  readonly places: JobPlaces;
  /** Folders that every file of it lies in. */
  readonly within: readonly string[];
  /** Interpreter of the script; Debian's where absent. */
  readonly python?: string | undefined;
  /** Of the module; a script sees what of it concerns a script. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logLevel: "debug" | "info" | "warn" | "error";
};

/** What it says as its last word. */
export type JobWord = { readonly exitCode: number; readonly problem?: Problem };

export type RunEnd =
  | ({ readonly kind: "said" } & JobWord)
  /** Without a word: killed, or our defect. */
  | { readonly kind: "died"; readonly reason: string };

export type JobRun = {
  /** Lets it keep what is done, and leave. */
  readonly stop: () => void;
  readonly kill: () => void;
  readonly ended: Promise<RunEnd>;
};

export function startJobRun(order: JobOrder): JobRun {
  const child = fork(fileURLToPath(new URL("../../job-process.js", import.meta.url)), {
    execArgv: [...NODE_FLAGS],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let word: JobWord | undefined;
  child.on("message", (message: JobWord) => (word = message));
  const failed = once(child, "error").then(([error]) => (error as Error).message);
  const exited = once(child, "exit").then(([code, signal]) =>
    signal === null ? `it ended with code ${String(code)}` : `it was ended by ${String(signal)}`,
  );
  // A process that cannot be started never exits; nobody waits for the other of the two.
  void failed.catch(() => undefined);
  void exited.catch(() => undefined);
  child.send(order, () => undefined);
  return {
    stop: () => void child.kill("SIGTERM"),
    kill: () => void child.kill("SIGKILL"),
    ended: Promise.race([exited, failed]).then((reason) =>
      word === undefined ? { kind: "died", reason } : { kind: "said", ...word },
    ),
  };
}
