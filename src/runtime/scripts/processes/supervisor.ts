/** What keeps one script process there? It is started, and started again when it ends. */

import type { RunningProcess, ScriptProcess } from "./script-process.ts";

export type SupervisorOptions = {
  /** Rejects with the reason. */
  readonly start: (onSpawn: (process: RunningProcess) => void) => Promise<ScriptProcess>;
  readonly onUp: (process: ScriptProcess) => void;
  readonly onDown: (process: ScriptProcess, reason: string) => void;
  /** A start after the first has failed; the next try is in so many ms. */
  readonly onFailure: (error: unknown, retryMs: number) => void;
};

export type Supervisor = {
  /** @throws what the start rejected with; `retry` goes on trying from there */
  readonly start: () => Promise<void>;
  readonly retry: () => void;
  /** Ends the process that is there; a new one is started at once. */
  readonly restart: (reason: string) => void;
  /** It is up, or was so before it ended and is started again: a request may wait for it. */
  readonly hopeful: () => boolean;
  /** Ends the process and waits for its end. */
  readonly close: (reason: string) => Promise<void>;
};

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 30_000;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  let current: RunningProcess | undefined;
  let state: "down" | "up" | "again" = "down";
  let closed: string | undefined;
  let later: NodeJS.Timeout | undefined;
  /** A new start was asked for while one was on its way. */
  let asked = false;

  const start = async (): Promise<void> => {
    const process = await options.start((spawned) => {
      current = spawned;
      if (closed !== undefined) spawned.kill(closed);
    });
    state = "up";
    options.onUp(process);
    void process.ended.then((reason) => {
      state = "again";
      options.onDown(process, reason);
      startAgain(FIRST_RETRY_MS);
    });
  };
  const startAgain = (retryMs: number): void => {
    if (closed !== undefined) return;
    asked = false;
    start().catch((error: unknown) => {
      state = "down";
      if (closed !== undefined) return;
      if (asked) return startAgain(FIRST_RETRY_MS);
      options.onFailure(error, retryMs);
      startLater(retryMs);
    });
  };
  const startLater = (delayMs: number): void => {
    const next = Math.min(delayMs * 2, LAST_RETRY_MS);
    later = setTimeout(() => {
      later = undefined;
      startAgain(next);
    }, delayMs).unref();
  };
  return {
    start,
    retry: () => startLater(FIRST_RETRY_MS),
    restart: (reason) => {
      if (later === undefined) {
        asked = true;
        current?.kill(reason);
      } else {
        clearTimeout(later);
        later = undefined;
        startAgain(FIRST_RETRY_MS);
      }
    },
    hopeful: () => state !== "down",
    close: async (reason) => {
      closed = reason;
      current?.kill(reason);
      await current?.ended;
    },
  };
}
