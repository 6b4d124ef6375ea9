/** What of each model is served and shipped, as the flags say; what validate, run, build and plan look at. */

import { homedir } from "node:os";
import { join } from "node:path";

import { inspectModel } from "../../model/inspect.ts";
import type { Inspection } from "../../model/inspect.ts";
import { prepareModel } from "../../model/prepare/prepared-model.ts";
import type { PreparedModel, WeightsMode } from "../../model/prepare/prepared-model.ts";
import { originalFiles, preparedFiles } from "../../model/prepare/shipped.ts";
import type { ShippedModel } from "../../model/prepare/shipped.ts";
import { UserError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { UsageError } from "../command.ts";
import type { Invocation, Option } from "../command.ts";

export const MODEL_OPTIONS = {
  "keep-model": { type: "boolean", summary: "take models as they are, unprepared" },
  weights: {
    type: "string",
    value: "external|inline",
    summary: "beside the graph, one layer a file (external otherwise), or inside it",
  },
} as const satisfies Record<string, Option>;

/** Of this user, for what can be made again: base packages, layers, prepared models. */
export function cacheFolder({ env }: Pick<Invocation, "env">): string {
  return env["XDG_CACHE_HOME"]
    ? join(env["XDG_CACHE_HOME"], "edgewright")
    : join(env["HOME"] ?? homedir(), ".cache", "edgewright");
}

type LookedAt = {
  readonly inspection?: Inspection;
  /** Of what is served: its own, where it is a prepared copy. */
  readonly memoryBytes?: number;
  readonly shipped?: ShippedModel;
  readonly problems: readonly Problem[];
};

/** How to look at a model. */
export type Look = (path: string) => Promise<LookedAt>;

const inspectOnly: Look = async (path) => {
  const { inspection, problems } = await inspectModel(path);
  return {
    ...(inspection && { inspection }),
    ...needOf({ ...(inspection && { inspection }), problems }),
    problems,
  };
};

/** @throws UsageError where `--weights` is none */
export function preparing(invocation: Invocation): Look {
  const weights = weightsOf(invocation);
  const folder = cacheFolder(invocation);
  if (invocation.options["keep-model"] === true) {
    return async (path) => {
      const looked = await inspectOnly(path);
      return looked.inspection === undefined ? looked : withOriginal(path, looked);
    };
  }
  return async (path) => {
    const prepared = await prepareModel(path, { weights, cacheFolder: folder });
    const { inspection, preparation, problems } = prepared;
    if (inspection === undefined) return { problems };
    const looked = { inspection, ...needOf(prepared), problems };
    if (preparation === undefined) return withOriginal(path, looked);
    return { ...looked, shipped: preparedFiles(preparation, inspection.sha256) };
  };
}

/** What is wrong with its files is a problem like the others: the caller knows where the spec names it. */
async function withOriginal(path: string, looked: LookedAt): Promise<LookedAt> {
  try {
    return { ...looked, shipped: await originalFiles(path) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...looked, problems: [...looked.problems, ...error.problems] };
  }
}

function needOf({ inspection, preparation }: PreparedModel): { memoryBytes?: number } {
  const memoryBytes = preparation?.memoryBytes ?? inspection?.memoryBytes;
  return memoryBytes === undefined ? {} : { memoryBytes };
}

function weightsOf({ options }: Invocation): WeightsMode {
  const { weights = "external" } = options;
  if (weights === "external" || weights === "inline") return weights;
  throw new UsageError(`--weights is '${String(weights)}', expected external or inline`);
}

/** The endpoint with each model's path at the file that is served. */
export function servedFrom(
  endpoint: ResolvedEndpoint,
  models: ReadonlyMap<string, ShippedModel>,
): ResolvedEndpoint {
  const deployments = endpoint.deployments.map((deployment) => {
    const { model, script } = deployment;
    const shipped = model === undefined ? undefined : models.get(model.path);
    return model === undefined || shipped === undefined || script !== undefined
      ? deployment
      : { ...deployment, model: { ...model, path: shipped.graph.path } };
  });
  return { ...endpoint, deployments };
}
