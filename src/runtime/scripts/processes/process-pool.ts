/** Which of a deployment's script processes is free, and who waits for one? */

import type { Cancellation } from "../../../core/cancellation.ts";
import type { ScriptProcess } from "./script-process.ts";

export type ProcessPool = {
  /** A process that has become free: the longest waiting request gets it. */
  readonly offer: (process: ScriptProcess) => void;
  readonly remove: (process: ScriptProcess) => void;
  /** `undefined` when the request is cancelled first, or when nobody is left to wait for. */
  readonly acquire: (cancellation: Cancellation) => Promise<ScriptProcess | undefined>;
  /** Those that wait get nothing. */
  readonly dismiss: () => void;
};

type Waiter = (process: ScriptProcess | undefined) => void;

export function createProcessPool(): ProcessPool {
  const idle: ScriptProcess[] = [];
  const queue = new Set<Waiter>();
  const next = (): Waiter | undefined => {
    const [waiter] = queue;
    if (waiter !== undefined) queue.delete(waiter);
    return waiter;
  };
  return {
    offer: (process) => {
      const waiter = next();
      if (waiter === undefined) idle.push(process);
      else waiter(process);
    },
    remove: (process) => {
      const index = idle.indexOf(process);
      if (index >= 0) idle.splice(index, 1);
    },
    acquire: (cancellation) => {
      if (cancellation.cancelled) return Promise.resolve(undefined);
      const process = idle.shift();
      if (process !== undefined) return Promise.resolve(process);
      return new Promise((resolve) => {
        const leave = (): void => {
          if (queue.delete(waiter)) resolve(undefined);
        };
        const waiter: Waiter = (given) => {
          cancellation.tell(undefined);
          resolve(given);
        };
        cancellation.tell(leave);
        queue.add(waiter);
      });
    },
    dismiss: () => {
      for (let waiter = next(); waiter !== undefined; waiter = next()) waiter(undefined);
    },
  };
}
