/** What do the runtime and every process that it started cost together? Read from `/proc`. */

import { readdirSync, readFileSync } from "node:fs";

import type { Metrics, Sample } from "./metrics.ts";

export type ProcessTree = {
  /** Of processes that have ended too. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
};

/** What Linux counts CPU time in, whatever the kernel's own ticks. @source Linux: proc(5), USER_HZ */
const TICKS_PER_SECOND = 100;
/** Where utime, stime, cutime and cstime stand in `/proc/PID/stat`, behind the name's parenthesis. */
const TIMES = [11, 12, 13, 14];

/** `undefined` where there is no such file system. */
export function readProcessTree(pid: number | "self" = "self"): ProcessTree | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === "") return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Whoever ended has been waited for by its parent, whose children's time holds it from then on.
  const ticks = TIMES.reduce((sum, index) => sum + Number(fields[index]), 0);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/mu.exec(readText(`/proc/${pid}/status`))?.[1];
  let cpuSeconds = ticks / TICKS_PER_SECOND;
  let residentBytes = Number(kilobytes ?? 0) * 1024;
  for (const child of childrenOf(pid)) {
    const below = readProcessTree(child);
    cpuSeconds += below?.cpuSeconds ?? 0;
    residentBytes += below?.residentBytes ?? 0;
  }
  return { cpuSeconds, residentBytes };
}

/** Each thread has the children that it started. */
function childrenOf(pid: number | "self"): readonly number[] {
  const folder = `/proc/${pid}/task`;
  let threads: readonly string[] = [];
  try {
    threads = readdirSync(folder);
  } catch {
    // It has just ended.
  }
  return threads.flatMap((thread) =>
    readText(`${folder}/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

export function watchProcessTree(metrics: Metrics): void {
  metrics.counterOf(
    "edgewright_cpu_seconds_total",
    "CPU time of the runtime and every process that it started.",
    () => sampleOf(({ cpuSeconds }) => cpuSeconds),
  );
  metrics.gauge(
    "edgewright_resident_memory_bytes",
    "Resident memory of the runtime and every process that it started.",
    () => sampleOf(({ residentBytes }) => residentBytes),
  );
}

function sampleOf(value: (tree: ProcessTree) => number): readonly Sample[] {
  const tree = readProcessTree();
  return tree === undefined ? [] : [{ labels: {}, value: value(tree) }];
}
