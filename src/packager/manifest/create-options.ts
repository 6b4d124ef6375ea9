/** What may the module's container use on the device? Docker's createOptions. */

import type { ResolvedModule } from "../../spec/resolved.ts";
import { mergeJson } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";

const NANO = 1e9;

/**
 * @param template  what every module has: `module-template/create-options.json`
 * @param env       variables that are no part of the image
 */
export function createOptions(
  module: ResolvedModule,
  template: JsonObject,
  env: Readonly<Record<string, string>> = {},
): JsonObject {
  const ports = Object.entries(module.ports);
  const hostConfig: Record<string, Json> = { ...cpuLimit(module), ...memoryLimit(module) };
  if (module.volume !== undefined)
    hostConfig["Binds"] = [`${module.volume.name}:${module.volume.path}`];
  if (ports.length > 0) hostConfig["PortBindings"] = portBindings(ports);
  const exposed = Object.fromEntries(ports.map(([, port]) => [`${port}/tcp`, {}]));
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return mergeJson(template, {
    ...(variables.length > 0 ? { Env: variables } : {}),
    ...(ports.length > 0 ? { ExposedPorts: exposed } : {}),
    HostConfig: hostConfig,
  });
}

/** The engine takes NanoCpus or a period with its quota, never both. */
function cpuLimit({ cpus, cpuPeriodMs }: ResolvedModule): JsonObject {
  if (cpus === null) return {};
  if (cpuPeriodMs === undefined) return { NanoCpus: Math.round(cpus * NANO) };
  const periodUs = Math.round(cpuPeriodMs * 1000);
  return { CpuPeriod: periodUs, CpuQuota: Math.round(cpus * periodUs) };
}

/** Equal numbers: no swap, which would only hide that the limit is too small. */
function memoryLimit({ memoryBytes }: ResolvedModule): JsonObject {
  return memoryBytes === null ? {} : { Memory: memoryBytes, MemorySwap: memoryBytes };
}

/** Several host ports may lead to one port of the container. */
function portBindings(ports: readonly (readonly [string, number])[]): JsonObject {
  const bindings: Record<string, Json[]> = {};
  for (const [host, container] of ports)
    (bindings[`${container}/tcp`] ??= []).push({ HostPort: host });
  return bindings;
}
