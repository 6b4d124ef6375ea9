/** What a job does with its input: the deployment's batch settings, as flags may have changed them. */

import type { ResolvedBatch } from "../../spec/resolved.ts";

/** How rows are written: `azure` is the bytes of Azure's append_row. */
export const FORMATS = ["azure", "csv", "jsonl", "npy"] as const;
export type Format = (typeof FORMATS)[number];

export type JobSettings = Omit<ResolvedBatch, "compute"> & { readonly format: Format };

/** One piece of a job that is cut by a hash of each file's path. */
export type Shard = { readonly index: number; readonly count: number };

/** Processes or threads of one job on this machine. */
export function workerCount(settings: JobSettings, shard: Shard | undefined): number {
  const { nodeCount, maxConcurrencyPerInstance } = settings;
  return shard === undefined ? nodeCount * maxConcurrencyPerInstance : maxConcurrencyPerInstance;
}

/** How often a mini-batch is tried in all. */
export function triesOf({ maxRetries }: JobSettings): number {
  return Math.max(1, maxRetries);
}
