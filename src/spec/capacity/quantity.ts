/** How much is "500m" or "512Mi"? CPUs and bytes from what users write, and back. */

const CPUS = /^(\d+(?:\.\d*)?|\.\d+)(m?)$/;
const MEMORY = /^(\d+(?:\.\d*)?|\.\d+)\s*([kKMGT]i?)?[bB]?$/;

/** @source kubernetes.io: docs/reference/kubernetes-api/common-definitions/quantity */
const FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  ki: 1024,
  Ki: 1024,
  Mi: 1024 * 1024,
  Gi: 1024 * 1024 * 1024,
  Ti: 1024 * 1024 * 1024 * 1024,
};

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** @source moby/moby: daemon/daemon_unix.go, the range of NanoCpus; more CPUs no machine has */
const CPUS_RANGE = { least: 0.01, most: 10_000 };
/** Less is a forgotten unit, more no machine has. */
const MEMORY_RANGE = { least: MIB, most: 1024 * 1024 * GIB };

export const CPUS_WORDS = `a number of CPUs from ${CPUS_RANGE.least} to ${CPUS_RANGE.most}`;
export const MEMORY_WORDS = "an amount of memory from 1 MiB to 1 PiB";

/** Whether it is an amount that `CPUS_WORDS` describes. */
export function isCpus(value: string | number): boolean {
  return isWithin(parseCpus(value), CPUS_RANGE);
}

/** Whether it is an amount that `MEMORY_WORDS` describes. */
export function isMemory(value: string | number): boolean {
  return isWithin(parseMemory(value), MEMORY_RANGE);
}

function isWithin(
  amount: number | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): boolean {
  return amount !== undefined && amount >= least && amount <= most;
}

/** A number of CPUs above 0: `2`, `0.5`, `"1.5"`, `"500m"`. */
export function parseCpus(value: string | number): number | undefined {
  const [, digits, milli] = CPUS.exec(String(value).trim()) ?? [];
  if (digits === undefined) return undefined;
  const cpus = milli === "m" ? Number(digits) / 1000 : Number(digits);
  return cpus > 0 && Number.isFinite(cpus) ? cpus : undefined;
}

/** A number of bytes above 0: `"512Mi"`, `"1.5Gi"`, `"1G"`, `1073741824`. */
export function parseMemory(value: string | number): number | undefined {
  const [, digits, suffix] = MEMORY.exec(String(value).trim()) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Math.round(Number(digits) * (FACTORS[suffix ?? ""] ?? 1));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes in the largest unit that shows them exactly. */
export function renderMemory(bytes: number): string {
  for (const [unit, size] of [
    ["GiB", GIB],
    ["MiB", MIB],
    ["KiB", KIB],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`;
  }
  return `${bytes} bytes`;
}

export function renderCpus(cpus: number): string {
  return cpus === 1 ? "1 CPU" : `${cpus} CPUs`;
}
