/** How large may a request's body be? What memory leaves for each request that runs at once, at most 100 MiB. */

import type { Problem } from "../problem.ts";

const MIB = 2 ** 20;
const MOST_BODY_BYTES = 100 * MIB;
/** With less no tensor of a usual size gets in. */
const LEAST_BODY_BYTES = MIB;

export type BodySharer = {
  readonly name: string;
  /** Per instance; null: no limit. */
  readonly memoryBytes: number | null;
  readonly maxConcurrentRequestsPerInstance: number;
  readonly model?: {
    /** Measured; without it the file's size has to do. */
    readonly needBytes?: number;
    readonly bytes?: number;
  };
  /** Of a deployment that runs jobs: it takes no requests. */
  readonly batch?: unknown;
};

export function bodyLimitBytes(deployment: BodySharer): number {
  const { memoryBytes, maxConcurrentRequestsPerInstance: slots } = deployment;
  if (memoryBytes === null) return MOST_BODY_BYTES;
  const left = Math.floor((memoryBytes - needOf(deployment)) / slots);
  return Math.min(MOST_BODY_BYTES, left);
}

/** What all bodies together may take, those of waiting requests too; Infinity where one has no limit. */
export function bodyRoomBytes(
  deployments: readonly (BodySharer & { readonly instances: number })[],
): number {
  // Jobs run elsewhere: asking for one takes next to nothing.
  if (deployments.length === 0) return Number.POSITIVE_INFINITY;
  let room = 0;
  for (const { memoryBytes, instances, ...deployment } of deployments) {
    if (memoryBytes === null) return Number.POSITIVE_INFINITY;
    room += instances * (memoryBytes - needOf(deployment));
  }
  return room;
}

/** Bytes below which an instance cannot do its work: its model, and 1 MiB for each request at once. */
export function leastMemoryBytes(deployment: BodySharer): number {
  const slots = deployment.batch === undefined ? deployment.maxConcurrentRequestsPerInstance : 0;
  return needOf(deployment) + slots * LEAST_BODY_BYTES;
}

/** Deployments with less than that, with the numbers; the same before the build and on the device. */
export function memoryProblems(deployments: readonly BodySharer[]): readonly Problem[] {
  return deployments.flatMap((deployment): readonly Problem[] => {
    const { name, memoryBytes, maxConcurrentRequestsPerInstance: slots, batch } = deployment;
    const least = leastMemoryBytes(deployment);
    if (memoryBytes === null || memoryBytes >= least) return [];
    const requests =
      batch === undefined
        ? `, and ${slots} request(s) run at once: less than 1 MiB is left for the body of each`
        : "";
    const atLeast = `at least ${Math.ceil(least / MIB)} MiB`;
    return [
      {
        code: "SPEC_MEMORY_SHORT",
        severity: "error",
        message: `${name} has ${mib(memoryBytes)} of memory per instance, its model needs ${mib(needOf(deployment))}${requests}`,
        hint: `Give ${name} ${atLeast}${batch === undefined ? ", or fewer requests at once" : ""}.`,
      },
    ];
  });
}

function needOf({ model }: Pick<BodySharer, "model">): number {
  return model?.needBytes ?? model?.bytes ?? 0;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
