/** From SPEC arguments to a checked endpoint: what `validate`, `run` and `build` begin with. */

import { homedir } from "node:os";
import { join } from "node:path";

import { leastMemoryBytes, memoryProblems } from "../../core/limits/body-limit.ts";
import { hasErrors, readOf, UserError } from "../../core/problem.ts";
import type { Problem, Read } from "../../core/problem.ts";
import type { Inspection } from "../../model/inspect.ts";
import type { ShippedModel } from "../../model/prepare/shipped.ts";
import { parseDevice } from "../../spec/capacity/device.ts";
import type { Device } from "../../spec/capacity/device.ts";
import { fitToDevice } from "../../spec/capacity/limits.ts";
import { loadSpec } from "../../spec/load.ts";
import type { LoadedSpec } from "../../spec/load.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { UsageError } from "../command.ts";
import type { Invocation, Option } from "../command.ts";
import { lookAtAll } from "./looks.ts";
import { preparing } from "./models.ts";
import type { Look } from "./models.ts";

export const DEVICE_OPTION = {
  device: {
    type: "string",
    value: "cpus=N,memory=SIZE",
    summary: "what the whole device has, e.g. cpus=4,memory=8Gi",
  },
} as const satisfies Record<string, Option>;

/** What edgewright keeps for this user, models and credentials: `$EDGEWRIGHT_HOME`, else `~/.edgewright`. */
export function storeFolder({ env }: Pick<Invocation, "env">): string {
  return env["EDGEWRIGHT_HOME"] ?? join(env["HOME"] ?? homedir(), ".edgewright");
}

export type LoadedEndpoint = {
  readonly endpoint: ResolvedEndpoint;
  /** Path of a model's file → what is served and shipped in its place. */
  readonly models: ReadonlyMap<string, ShippedModel>;
};

/**
 * Reads the spec, looks at the models that are served without a script, and fits the limits to the
 * device. Problems of every stage come together; the endpoint is there when none is an error.
 */
export async function loadEndpoint(invocation: Invocation): Promise<Read<LoadedEndpoint>> {
  const { args, cwd, options } = invocation;
  if (args.length === 0)
    throw new UsageError("a SPEC is missing: a file, several files, or a folder");
  const spec = await loadSpec(args, { cwd, modelStore: storeFolder(invocation) });
  if (!spec.ok) return spec;
  const inspected = await inspectModels(spec.value, preparing(invocation));
  const problems = [...spec.problems, ...inspected.problems];
  if (hasErrors(problems)) return { ok: false, problems };
  const { placeOf } = spec.value;
  const flag = deviceOf(options["device"]);
  const device = flag ?? spec.value.device;
  const { deployments } = inspected.endpoint;
  const measured = new Map(
    deployments.flatMap((each) =>
      each.model?.needBytes === undefined ? [] : [[each.name, leastMemoryBytes(each)] as const],
    ),
  );
  const fitted = fitToDevice(inspected.endpoint, {
    ...(device && { device }),
    ...(flag === undefined && { deviceAt: placeOf(["edge", "device"]) }),
    needBytes: (name) => measured.get(name),
    placeOf,
  });
  const all = [...problems, ...fitted.problems];
  if (!fitted.ok) return { ok: false, problems: all };
  const short = fitted.value.deployments.flatMap((each) => {
    const at = placeOf(["deployments", each.name, "resources", "limits", "memory"]);
    return memoryProblems([each]).map((problem) => ({ ...problem, at }));
  });
  return readOf({ endpoint: fitted.value, models: inspected.models }, [...all, ...short]);
}

/** @throws UserError where the flag cannot be read */
function deviceOf(flag: Invocation["options"][string]): Device | undefined {
  if (typeof flag !== "string") return undefined;
  const device = parseDevice(flag);
  if (!device.ok) throw new UserError(device.problems);
  return device.value;
}

async function inspectModels(
  { endpoint, placeOf }: LoadedSpec,
  look: Look,
): Promise<{
  endpoint: ResolvedEndpoint;
  models: ReadonlyMap<string, ShippedModel>;
  problems: readonly Problem[];
}> {
  const problems: Problem[] = [];
  const deployments: ResolvedDeployment[] = [];
  const models = new Map<string, ShippedModel>();
  const asked = endpoint.deployments.flatMap(({ model, script }) =>
    model === undefined || script !== undefined ? [] : [model.path],
  );
  const looked = await lookAtAll(asked, look);
  for (const deployment of endpoint.deployments) {
    const { model, script, name } = deployment;
    const found = model === undefined || script !== undefined ? undefined : looked.get(model.path);
    if (model === undefined || found === undefined) {
      deployments.push(deployment);
      continue;
    }
    const { inspection, memoryBytes, shipped } = found;
    if (shipped !== undefined) models.set(model.path, shipped);
    const at = placeOf(["deployments", name, "model"]);
    for (const problem of found.problems) problems.push({ ...problem, at });
    deployments.push(
      inspection === undefined ? deployment : withInspection(deployment, inspection, memoryBytes),
    );
  }
  return { endpoint: { ...endpoint, deployments }, models, problems };
}

function withInspection(
  deployment: ResolvedDeployment,
  inspection: Inspection,
  memoryBytes: number | undefined,
): ResolvedDeployment {
  const { sha256, bytes, opset, signature, sample } = inspection;
  const { model } = deployment;
  const need = memoryBytes === undefined ? {} : { needBytes: memoryBytes };
  return model === undefined
    ? deployment
    : {
        ...deployment,
        model: { ...model, sha256, bytes, ...need, opset, signature, ...(sample && { sample }) },
      };
}
