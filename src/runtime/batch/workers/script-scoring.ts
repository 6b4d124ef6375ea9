/** How does a batch script score a job? A process for each worker, mini-batches by number of files. */

import type { Log } from "../../../core/ports.ts";
import type { ResolvedDeployment } from "../../../spec/resolved.ts";
import type { Scoring } from "../job-options.ts";
import { createScriptWorker } from "./script-worker.ts";
import { workerCount } from "../settings.ts";
import type { JobSettings, Shard } from "../settings.ts";
import { cutByFiles } from "./source.ts";

export type ScriptScoringOptions = {
  readonly deployment: ResolvedDeployment;
  readonly settings: JobSettings;
  readonly shard?: Shard;
  readonly output: string;
  readonly python: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onnxruntime: string;
  /** Of all processes together, where the deployment sets none. */
  readonly memoryBytes: number;
  readonly log: Log;
};

export function createScriptScoring(options: ScriptScoringOptions): Scoring {
  const { settings, shard, deployment } = options;
  const memoryBytes = deployment.memoryBytes ?? options.memoryBytes;
  return {
    workers: ({ root, logs }) =>
      Array.from({ length: workerCount(settings, shard) }, (_, index) =>
        createScriptWorker({ ...options, memoryBytes, root, streams: logs.streams(index) }),
      ),
    source: (_root, files) => cutByFiles(files, settings.miniBatchSize),
  };
}
