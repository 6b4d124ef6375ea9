/** The limits that are really in force here, whatever the spec asked for: cgroup and affinity. */

import { readFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";

export type Limits = {
  /** CPUs this process may use at once; fractions under a quota. */
  readonly cpus: number;
  readonly memoryBytes: number;
};

type ReadText = (path: string) => Promise<string>;

/** @param read reads a file of the control group file systems; rejects where it is absent */
export async function readLimits(
  read: ReadText = (path) => readFile(path, "utf8"),
): Promise<Limits> {
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
