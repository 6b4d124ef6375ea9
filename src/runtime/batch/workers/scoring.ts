/** What scores a deployment's mini-batches: its script, or the model itself. */

import { libraryPath } from "../../../model/onnxruntime.ts";
import type { Log } from "../../../core/ports.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../../spec/resolved.ts";
import { reportLimits } from "../../limits.ts";
import { jobDigest } from "../journal/folder.ts";
import type { Scoring } from "../job-options.ts";
import { createModelScoring } from "./model-scoring.ts";
import { createScriptScoring } from "./script-scoring.ts";
import { digestSources } from "./source-digest.ts";
import type { JobSettings, Shard } from "../settings.ts";

export type ScoringOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly deployment: ResolvedDeployment;
  readonly settings: JobSettings;
  readonly shard?: Shard;
  readonly input: string;
  readonly output: string;
  readonly python: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
};

/** Of the whole machine; the rest is the job's own. */
const MEMORY_SHARE = 0.8;

export async function scoringFor(
  options: ScoringOptions,
): Promise<{ readonly scoring: Scoring; readonly job: string; readonly sources: string }> {
  const { deployment, endpoint, input, output, log } = options;
  const { memoryBytes: all } = await reportLimits(endpoint.module, log);
  const memoryBytes = Math.floor(all * MEMORY_SHARE);
  const job = jobDigest([deployment.script === undefined, deployment.model?.sha256 ?? null]);
  const sources = digestSources({ deployment, without: [input, output] });
  if (deployment.script === undefined)
    return { scoring: createModelScoring(options), job, sources };
  const scoring = createScriptScoring({ ...options, onnxruntime: libraryPath(), memoryBytes });
  return { scoring, job, sources };
}
