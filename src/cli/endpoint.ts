/** From SPEC arguments to a checked endpoint: what `validate`, `run` and `build` begin with. */

import { homedir } from "node:os";
import { join } from "node:path";

import { hasErrors, readOf, UserError } from "../core/problem.ts";
import type { Problem, Read } from "../core/problem.ts";
import { inspectModel } from "../model/inspect.ts";
import type { Inspection } from "../model/inspect.ts";
import { parseDevice } from "../spec/device.ts";
import type { Device } from "../spec/device.ts";
import { fitToDevice } from "../spec/limits.ts";
import { loadSpec } from "../spec/load.ts";
import type { LoadedSpec } from "../spec/load.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../spec/resolved.ts";
import { UsageError } from "./command.ts";
import type { Invocation, Option } from "./command.ts";

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

/**
 * Reads the spec, looks at the models that are served without a script, and fits the limits to the
 * device. Problems of every stage come together; the endpoint is there when none is an error.
 */
export async function loadEndpoint(invocation: Invocation): Promise<Read<ResolvedEndpoint>> {
  const { args, cwd, options } = invocation;
  if (args.length === 0)
    throw new UsageError("a SPEC is missing: a file, several files, or a folder");
  const spec = await loadSpec(args, { cwd, modelStore: storeFolder(invocation) });
  if (!spec.ok) return spec;
  const inspected = await inspectModels(spec.value);
  const problems = [...spec.problems, ...inspected.problems];
  if (hasErrors(problems)) return { ok: false, problems };
  const device = deviceOf(options["device"]) ?? spec.value.device;
  const fitted = fitToDevice(inspected.endpoint, {
    ...(device && { device }),
    needBytes: (name) => inspected.needBytes.get(name),
    placeOf: spec.value.placeOf,
  });
  const all = [...problems, ...fitted.problems];
  return fitted.ok ? readOf(fitted.value, all) : { ok: false, problems: all };
}

/** @throws UserError where the flag cannot be read */
function deviceOf(flag: Invocation["options"][string]): Device | undefined {
  if (typeof flag !== "string") return undefined;
  const device = parseDevice(flag);
  if (!device.ok) throw new UserError(device.problems);
  return device.value;
}

async function inspectModels({ endpoint, placeOf }: LoadedSpec): Promise<{
  endpoint: ResolvedEndpoint;
  problems: readonly Problem[];
  needBytes: ReadonlyMap<string, number>;
}> {
  const problems: Problem[] = [];
  const deployments: ResolvedDeployment[] = [];
  const needBytes = new Map<string, number>();
  const seen = new Map<string, ReturnType<typeof inspectModel>>();
  for (const deployment of endpoint.deployments) {
    const { model, script, name } = deployment;
    if (model === undefined || script !== undefined) {
      deployments.push(deployment);
      continue;
    }
    const look = seen.get(model.path) ?? inspectModel(model.path);
    seen.set(model.path, look);
    const { inspection, problems: found } = await look;
    const at = placeOf(["deployments", name, "model"]);
    for (const problem of found) problems.push({ ...problem, at });
    if (inspection?.memoryBytes !== undefined) needBytes.set(name, inspection.memoryBytes);
    deployments.push(
      inspection === undefined ? deployment : withInspection(deployment, inspection),
    );
  }
  return { endpoint: { ...endpoint, deployments }, problems, needBytes };
}

function withInspection(
  deployment: ResolvedDeployment,
  inspection: Inspection,
): ResolvedDeployment {
  const { sha256, bytes, opset, signature } = inspection;
  const { model } = deployment;
  return model === undefined
    ? deployment
    : { ...deployment, model: { ...model, sha256, bytes, opset, signature } };
}
