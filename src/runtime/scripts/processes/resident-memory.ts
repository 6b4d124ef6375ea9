/** How much memory does a process hold right now? */

import { readFileSync } from "node:fs";

/** Of every kernel that Debian and IoT Edge run on. */
const PAGE_BYTES = 4096;

/** `undefined` where the process is gone, or the system has no /proc. @source proc(5): statm */
export function residentBytes(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ", 2)[1]);
    return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined;
  } catch {
    return undefined;
  }
}
