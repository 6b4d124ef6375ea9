/** What has a process, with all that it started, used so far? */

import { setTimeout as sleep } from "node:timers/promises";

import { readProcessTree } from "../../src/runtime/metrics/process-tree.ts";

export type TreeUsage = { readonly cpuSeconds: number; readonly residentMiB: number };

/** @throws Error where there is no such process */
export function treeUsage(pid: number): TreeUsage {
  const usage = readProcessTree(pid);
  if (usage === undefined) throw new Error(`/proc says nothing of process ${pid}`);
  return { cpuSeconds: usage.cpuSeconds, residentMiB: usage.residentBytes / 2 ** 20 };
}

const QUIET_MS = 100;
const PATIENCE_MS = 10_000;

/** A load that ends leaves requests behind; until they are done, their cost would be the next round's. */
export async function untilQuiet(pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += QUIET_MS) {
    const { cpuSeconds } = treeUsage(pid);
    await sleep(QUIET_MS);
    if (treeUsage(pid).cpuSeconds - cpuSeconds < 0.02) return;
  }
}
