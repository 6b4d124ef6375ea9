/** Which processes has the bench started, and how does every one of them end? */

import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

export type Started = ChildProcessByStdio<null, Readable, Readable>;

export type Processes = {
  readonly start: (
    program: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Started;
  /** Asks it to end, and makes it end where it does not. */
  readonly end: (child: Started) => Promise<void>;
  /** Nothing can be started any more. */
  readonly close: () => Promise<void>;
};

const GRACE_MS = 10_000;

export function createProcesses(): Processes {
  const running = new Set<Started>();
  let closed = false;
  const end = async (child: Started): Promise<void> => {
    if (!running.has(child)) return;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    await exit;
    clearTimeout(late);
  };
  return {
    start: (program, args, env = {}) => {
      if (closed) throw new Error(`${program} is not started, the bench is ending`);
      const child = spawn(program, [...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      running.add(child);
      child.once("exit", () => running.delete(child));
      child.stderr.on("data", (chunk: Buffer) => process.stderr.write(chunk));
      return child;
    },
    end,
    close: async () => {
      closed = true;
      await Promise.all(Array.from(running, end));
    },
  };
}
