/** From specs to the modules of a simulated device: how each is started, and what its twin asks for. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { moduleNameFault } from "../../core/module-name.ts";
import { readOf } from "../../core/problem.ts";
import type { Problem, Read } from "../../core/problem.ts";
import { publicParts } from "../../credentials/credentials.ts";
import { moduleTwin } from "../../packager/manifest/module.ts";
import { moduleRoutes } from "../../packager/manifest/routes.ts";
import type { DeviceModule } from "../../simulator/device.ts";
import type { RouteSpec } from "../../simulator/routes/route-spec.ts";
import { startProcess } from "../../simulator/modules/process.ts";
import type { AuthMode } from "../../spec/resolved.ts";
import type { Invocation } from "../command.ts";
import { credentialsFor } from "../given/credentials.ts";
import { loadEndpoint } from "../given/endpoint.ts";
import type { LoadedEndpoint } from "../given/endpoint.ts";
import { servedFrom } from "../given/models.ts";

const RUNTIME = fileURLToPath(new URL("../../runtime/main.js", import.meta.url));

export type SpecModule = { readonly name?: string; readonly specs: readonly string[] };

export type SimulatedModule = {
  readonly module: DeviceModule;
  /** As the manifest would have them. */
  readonly routes: Readonly<Record<string, RouteSpec>>;
  /** Where its volume lies here; absent: in the engine. */
  readonly volume?: string;
};

export type ModulesOptions = {
  readonly invocation: Invocation;
  /** Of the simulated device. */
  readonly folder: string;
  readonly onLine: (module: string, line: string) => void;
  /** What a checked endpoint becomes. */
  readonly make: (loaded: LoadedEndpoint, options: ModulesOptions) => Promise<MadeModule>;
};

export type MadeModule = {
  readonly value: SimulatedModule;
  readonly problems: readonly Problem[];
};

/** Each spec is checked as `run` checks it. */
export async function loadModules(
  specs: readonly SpecModule[],
  options: ModulesOptions,
): Promise<Read<readonly SimulatedModule[]>> {
  const problems: Problem[] = [];
  const modules: SimulatedModule[] = [];
  for (const { name, specs: files } of specs) {
    const invocation = { ...options.invocation, args: files };
    const read = await loadEndpoint(invocation);
    problems.push(...read.problems);
    if (!read.ok) continue;
    const { endpoint, models } = read.value;
    const module = { ...endpoint.module, name: name ?? endpoint.module.name };
    const fault = moduleNameFault(module.name);
    if (fault !== undefined) {
      problems.push({
        code: "SIM_MODULE",
        severity: "error",
        message: `edge.module ${fault}`,
        hint: "Write edge: {module: bearing-monitor}, for example.",
      });
      continue;
    }
    const loaded = { endpoint: { ...endpoint, module }, models };
    const made = await options.make(loaded, { ...options, invocation });
    problems.push(...made.problems);
    modules.push(made.value);
  }
  return readOf(modules, problems);
}

/** The runtime of this edgewright, as a process. */
export async function processModule(
  loaded: LoadedEndpoint,
  { invocation, folder, onLine }: ModulesOptions,
): Promise<MadeModule> {
  const endpoint = servedFrom(loaded.endpoint, loaded.models);
  const { module, name, authMode } = endpoint;
  const { keys, problems } = await keysOf(name, authMode, invocation);
  const home = join(folder, "modules", module.name);
  const volume = join(folder, "volumes", module.name);
  mkdirSync(home, { recursive: true });
  mkdirSync(volume, { recursive: true });
  const file = join(home, "endpoint.json");
  writeFileSync(file, JSON.stringify(endpoint));
  const env = {
    ...module.env,
    EDGEWRIGHT_ENDPOINT: file,
    EDGEWRIGHT_PORT: "0",
    ...(module.volume !== undefined && { EDGEWRIGHT_VOLUME: volume }),
    [authMode === "aml_token" ? "EDGEWRIGHT_TOKEN_KEY" : "EDGEWRIGHT_KEY_HASHES"]: keys.join(","),
  };
  const command = [process.execPath, RUNTIME] as const;
  return {
    value: {
      module: {
        name: module.name,
        desired: moduleTwin(endpoint),
        restart: module.restartPolicy,
        start: (daemonEnv) =>
          startProcess({ command, env, onLine: (line) => onLine(module.name, line) }, daemonEnv),
      },
      routes: moduleRoutes(module),
      volume,
    },
    problems,
  };
}

/** What the deployment manifest would give to the module. */
async function keysOf(
  endpoint: string,
  authMode: AuthMode,
  invocation: Invocation,
): Promise<{ keys: readonly string[]; problems: readonly Problem[] }> {
  if (authMode === "none") return { keys: [], problems: [] };
  const { credentials, problems } = await credentialsFor(endpoint, invocation);
  return { keys: publicParts(credentials, authMode), problems };
}
