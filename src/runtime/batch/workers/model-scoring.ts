/** How does a model without a script score a job? A thread for each worker, rows in real batches. */

import { userError } from "../../../core/problem.ts";
import type { ResolvedDeployment } from "../../../spec/resolved.ts";
import type { Scoring } from "../job-options.ts";
import { createModelWorker } from "./model-worker.ts";
import { inputRows } from "../rows/row-layout.ts";
import { createRowWriter } from "../rows/row-output.ts";
import { cutByRows } from "../rows/row-source.ts";
import { workerCount } from "../settings.ts";
import type { JobSettings, Shard } from "../settings.ts";

export type ModelScoringOptions = {
  readonly deployment: ResolvedDeployment;
  readonly settings: JobSettings;
  readonly shard?: Shard;
};

/** @throws UserError where the model cannot be used without a script */
export function createModelScoring({ deployment, settings, shard }: ModelScoringOptions): Scoring {
  const { model, name, cpus } = deployment;
  const signature = model?.signature;
  if (model === undefined || signature === undefined) {
    throw userError("BATCH_MODEL", `deployment '${name}' has neither a script nor a model`);
  }
  const { path } = model;
  const { format, miniBatchSize, maxConcurrencyPerInstance } = settings;
  const inputs = checked(() => inputRows(signature));
  checked(() => createRowWriter(format, signature));
  const threads = Math.max(1, Math.floor((cpus ?? 1) / maxConcurrencyPerInstance));
  return {
    workers: ({ root }) =>
      Array.from({ length: workerCount(settings, shard) }, () =>
        createModelWorker({ path, signature, threads, format, root }),
      ),
    source: (root, files) => cutByRows({ root, files, size: miniBatchSize, inputs }),
  };
}

function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw userError("BATCH_MODEL", (error as Error).message, {
      hint: "Write a script with init() and run(mini_batch).",
    });
  }
}
