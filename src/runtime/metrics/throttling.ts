/** How often did the CPU limit stop us? Read from the control group, in both of its versions. */

import { readFileSync } from "node:fs";

import type { Metrics, Sample } from "./metrics.ts";

export type Throttling = {
  /** Periods of the quota in which anything ran. */
  readonly periods: number;
  /** Those in which the quota was used up. */
  readonly throttledPeriods: number;
  /** Summed over CPUs. */
  readonly throttledSeconds: number;
};

type ReadText = (path: string) => string;

/** @source Linux: admin-guide/cgroup-v2 (cpu.stat), scheduler/sched-bwc (cpu.stat of version 1) */
const FILES = ["/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat"];
const MICROSECONDS = 1e6;
const NANOSECONDS = 1e9;

/** `undefined` where no control group counts: outside a container, without the controller. */
export function readThrottling(read: ReadText = readText): Throttling | undefined {
  for (const file of FILES) {
    const counts = parseStat(file, read);
    const periods = counts.get("nr_periods");
    if (periods === undefined) continue;
    const micros = counts.get("throttled_usec") ?? 0;
    const nanos = counts.get("throttled_time") ?? 0;
    return {
      periods,
      throttledPeriods: counts.get("nr_throttled") ?? 0,
      throttledSeconds: micros / MICROSECONDS + nanos / NANOSECONDS,
    };
  }
  return undefined;
}

/** Lines of a name and a number; none where the file is absent. */
function parseStat(file: string, read: ReadText): ReadonlyMap<string, number> {
  let text = "";
  try {
    text = read(file);
  } catch {
    // A group of the other version, or none.
  }
  const counts = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [name = "", value = ""] = line.split(" ");
    if (/^\d+$/u.test(value)) counts.set(name, Number(value));
  }
  return counts;
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

export function watchThrottling(metrics: Metrics, read: () => Throttling | undefined): void {
  const sample = (value: (throttling: Throttling) => number) => (): readonly Sample[] => {
    const throttling = read();
    return throttling === undefined ? [] : [{ labels: {}, value: value(throttling) }];
  };
  metrics.counterOf(
    "edgewright_cpu_periods_total",
    "Periods of the CPU limit in which the module ran.",
    sample(({ periods }) => periods),
  );
  metrics.counterOf(
    "edgewright_cpu_throttled_periods_total",
    "Periods in which the CPU limit stopped the module.",
    sample(({ throttledPeriods }) => throttledPeriods),
  );
  metrics.counterOf(
    "edgewright_cpu_throttled_seconds_total",
    "How long the CPU limit stopped the module, summed over its threads.",
    sample(({ throttledSeconds }) => throttledSeconds),
  );
}
