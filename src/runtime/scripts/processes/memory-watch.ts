/** Who holds more memory than a deployment may? Such a process is killed before the kernel looks for one. */

import { residentBytes } from "./resident-memory.ts";
import type { RunningProcess } from "./script-process.ts";

export type MemoryWatch = {
  readonly watch: (process: RunningProcess) => void;
  readonly close: () => void;
};

/** Python fills about 100 MB in this time. */
const PERIOD_MS = 50;

export function createMemoryWatch(limitBytes: number): MemoryWatch {
  const watched = new Set<RunningProcess>();
  const timer = setInterval(() => {
    for (const process of watched) {
      const pid = process.pid();
      const bytes = pid === undefined ? undefined : residentBytes(pid);
      if (bytes !== undefined && bytes > limitBytes) {
        process.kill(`it held ${bytes} bytes of memory, its limit is ${limitBytes}`);
      }
    }
  }, PERIOD_MS).unref();
  return {
    watch: (process) => {
      watched.add(process);
      void process.ended.then(() => watched.delete(process));
    },
    close: () => clearInterval(timer),
  };
}
