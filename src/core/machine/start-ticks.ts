/** Is a process still the one that it was? Numbers come again, with another start. */

import { readFileSync } from "node:fs";

/** Since the machine's start; `undefined` where there is no such process. @source proc(5): stat, field 22 */
export function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything; a zombie runs no more.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
