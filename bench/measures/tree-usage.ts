/** What has a process, with all that it started, used so far? */

import { readProcessTree } from "../../src/runtime/metrics/process-tree.ts";

export type TreeUsage = { readonly cpuSeconds: number; readonly residentMiB: number };

/** @throws Error where there is no such process */
export function treeUsage(pid: number): TreeUsage {
  const usage = readProcessTree(pid);
  if (usage === undefined) throw new Error(`/proc says nothing of process ${pid}`);
  return { cpuSeconds: usage.cpuSeconds, residentMiB: usage.residentBytes / 2 ** 20 };
}
