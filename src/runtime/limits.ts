/** The limits that are really in force here, whatever the spec asked for: cgroup and affinity. */

import { readFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";

import type { Log } from "../core/ports.ts";
import type { ResolvedModule } from "../spec/resolved.ts";

export type Limits = {
  /** CPUs this process may use at once; fractions under a quota. */
  readonly cpus: number;
  readonly memoryBytes: number;
};

type ReadText = (path: string) => Promise<string>;

/** @param read reads a file of the control group file systems; rejects where it is absent */
async function readLimits(read: ReadText = (path) => readFile(path, "utf8")): Promise<Limits> {
  const number = async (path: string): Promise<number> => {
    try {
      const value = Number((await read(path)).trim().split(" ")[0]);
      return Number.isFinite(value) && value > 0 ? value : Number.POSITIVE_INFINITY;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  };
  const memory = Math.min(
    await number("/sys/fs/cgroup/memory.max"),
    await number("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
  );
  const quota = Math.min(await quotaV2(read), await quotaV1(number));
  return {
    cpus: Math.min(quota, availableParallelism()),
    memoryBytes: Math.min(memory, totalmem()),
  };
}

/** `cpu.max` holds quota and period in microseconds, or the word max. @source Linux: admin-guide/cgroup-v2 */
async function quotaV2(read: ReadText): Promise<number> {
  try {
    const [quota, period] = (await read("/sys/fs/cgroup/cpu.max")).trim().split(" ").map(Number);
    const cpus = (quota ?? Number.NaN) / (period ?? Number.NaN);
    return cpus > 0 ? cpus : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

async function quotaV1(number: (path: string) => Promise<number>): Promise<number> {
  const quota = await number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const period = await number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return Number.isFinite(quota) && Number.isFinite(period)
    ? quota / period
    : Number.POSITIVE_INFINITY;
}

/** The device decides what holds: a kernel without a controller ignores a limit silently. */
export async function reportLimits(module: ResolvedModule, log: Log): Promise<Limits> {
  const limits = await readLimits();
  const { cpus, memoryBytes } = limits;
  log.info("limits in force", { cpus, memoryBytes });
  if (module.cpus !== null && cpus > module.cpus) {
    log.warn(`the spec's limit of ${module.cpus} CPUs is not in force here: ${cpus} can be used`);
  }
  if (module.memoryBytes !== null && memoryBytes > module.memoryBytes) {
    log.warn(
      `the spec's limit of ${module.memoryBytes} bytes of memory is not in force here: ${memoryBytes} can be used`,
    );
  }
  return limits;
}
