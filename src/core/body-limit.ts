/** How large may a request's body be? What memory leaves for each request that runs at once, at most 100 MiB. */

import type { Problem } from "./problem.ts";

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
};

export function bodyLimitBytes(deployment: BodySharer): number {
  const { memoryBytes, maxConcurrentRequestsPerInstance: slots } = deployment;
  if (memoryBytes === null) return MOST_BODY_BYTES;
  const left = Math.floor((memoryBytes - needOf(deployment)) / slots);
  return Math.min(MOST_BODY_BYTES, left);
}

/** Deployments that have no room for requests, with the numbers. */
export function bodyLimitProblems(deployments: readonly BodySharer[]): readonly Problem[] {
  return deployments
    .filter((deployment) => bodyLimitBytes(deployment) < LEAST_BODY_BYTES)
    .map((deployment) => {
      const { name, memoryBytes, maxConcurrentRequestsPerInstance: slots } = deployment;
      const need = needOf(deployment);
      const least = Math.ceil((need + slots * LEAST_BODY_BYTES) / MIB);
      return {
        code: "SPEC_MEMORY_SHORT",
        severity: "error",
        message:
          `${name} has ${mib(memoryBytes ?? 0)} of memory per instance, its model needs ${mib(need)}, and ` +
          `${slots} request(s) run at once: less than 1 MiB is left for the body of each`,
        hint: `Give ${name} at least ${least} MiB, or fewer requests at once.`,
      };
    });
}

function needOf({ model }: BodySharer): number {
  return model?.needBytes ?? model?.bytes ?? 0;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
