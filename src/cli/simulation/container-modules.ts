/** Modules of a simulated device as containers, created from the createOptions of their manifest. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { userError } from "../../core/problem.ts";
import type { Read } from "../../core/problem.ts";
import { openEngine } from "../../packager/engine/engine.ts";
import type { Engine, Labels } from "../../packager/engine/engine.ts";
import { pack } from "../../packager/pack.ts";
import type { JsonObject } from "../../simulator/hub/merge-patch.ts";
import type { RouteSpec } from "../../simulator/routes/route-spec.ts";
import { assembleOptions } from "../given/assemble-options.ts";
import { authEnv, memoryEnv } from "../commands/build.ts";
import type { Invocation } from "../command.ts";
import type { LoadedEndpoint } from "../given/endpoint.ts";
import { deviceTag, nameParts } from "./device-folder.ts";
import type { DeviceFolder } from "./device-folder.ts";
import { labelsOf, removeDevice, removeLeftovers } from "./leftovers.ts";
import type { MadeModule, ModulesOptions, SimulatedModule } from "./simulated-modules.ts";

/** How modules call the hub; the engine tells them where it is. */
export const CONTAINER_GATEWAY = "edgewright-hub";
const SOCKET = "/run/edgewright/workload.sock";

type ModuleEntry = {
  readonly restartPolicy?: string;
  readonly env?: Readonly<Record<string, { readonly value: string | number | boolean }>>;
  readonly settings: Readonly<Record<string, string>> & { readonly image: string };
};

export type DeviceManifest = {
  readonly modules: Readonly<Record<string, ModuleEntry>>;
  readonly routes: Readonly<Record<string, RouteSpec>>;
  readonly timeToLiveSecs: number;
  readonly desired: (module: string) => JsonObject;
};

export type Containers = {
  readonly address: string;
  /** Builds the image, and takes the module as its manifest has it. */
  readonly make: (loaded: LoadedEndpoint, options: ModulesOptions) => Promise<MadeModule>;
  readonly fromManifest: (
    manifest: DeviceManifest,
    onLine: ModulesOptions["onLine"],
  ) => readonly SimulatedModule[];
  /** Removes what would stay in the engine of a device that is not kept. */
  readonly release: () => Promise<void>;
};

/** @throws UserError BUILD_ENGINE where there is none */
export async function openContainers(
  invocation: Invocation,
  folder: DeviceFolder,
): Promise<Containers> {
  const engine = await openEngine(invocation.env);
  const address = await engine.bridgeAddress();
  const tag = deviceTag(folder.path);
  await removeLeftovers(engine, tag);
  const labels = labelsOf(tag, folder);
  const moduleOf = (name: string, manifest: DeviceManifest, onLine: ModulesOptions["onLine"]) =>
    containerModule(name, manifest, { engine, address, tag, labels, onLine });
  return {
    address,
    make: async ({ endpoint, models }, options) => {
      const { env, problems } = await authEnv(options.invocation, endpoint);
      const given = assembleOptions(options.invocation, endpoint);
      // A name that nobody else has: another device on this engine may run a module of the same name.
      const image = `${imageName(endpoint.module.name)}:${tag}`;
      const { files } = await pack(endpoint, {
        ...given,
        output: { kind: "docker" },
        platforms: [given.hostPlatform],
        tag: image,
        workingFolder: options.folder,
        deviceEnv: { ...env, ...memoryEnv(endpoint) },
        models,
      });
      const read = readManifest(files.manifest, options.folder);
      if (!read.ok) throw new Error("a manifest of our own can be read");
      return { value: moduleOf(endpoint.module.name, read.value, options.onLine), problems };
    },
    fromManifest: (manifest, onLine) =>
      Object.keys(manifest.modules).map((name) => moduleOf(name, manifest, onLine)),
    release: async () => {
      if (!folder.kept) await removeDevice(engine, tag);
    },
  };
}

/** A module's name may have capitals and hyphens at its ends, an image's not. */
function imageName(module: string): string {
  const readable = nameParts(module).join("-");
  if (readable === module) return module;
  const hash = createHash("sha256").update(module).digest("hex").slice(0, 6);
  return ["module", ...nameParts(module), hash].join("-");
}

/** A deployment manifest in the form of `az iot edge set-modules`. */
export function readManifest(file: string, cwd: string): Read<DeviceManifest> {
  try {
    const document = JSON.parse(
      readFileSync(join(file.startsWith("/") ? "" : cwd, file), "utf8"),
    ) as {
      modulesContent?: Readonly<Record<string, { "properties.desired"?: JsonObject }>>;
      content?: {
        modulesContent?: Readonly<Record<string, { "properties.desired"?: JsonObject }>>;
      };
    };
    const content = document.modulesContent ?? document.content?.modulesContent ?? {};
    const section = (name: string): JsonObject => content[name]?.["properties.desired"] ?? {};
    const agent = section("$edgeAgent") as { modules?: Readonly<Record<string, ModuleEntry>> };
    const hub = section("$edgeHub") as {
      routes?: Readonly<Record<string, RouteSpec>>;
      storeAndForwardConfiguration?: { timeToLiveSecs?: number };
    };
    if (agent.modules === undefined) throw new Error("it has no modules in $edgeAgent");
    const value = {
      modules: agent.modules,
      routes: hub.routes ?? {},
      timeToLiveSecs: hub.storeAndForwardConfiguration?.timeToLiveSecs ?? 7200,
      desired: section,
    };
    return { ok: true, value, problems: [] };
  } catch (error) {
    const message = `${file} is no deployment manifest: ${(error as Error).message}`;
    return { ok: false, problems: [{ code: "SIM_MODULE", severity: "error", message }] };
  }
}

type ContainerContext = {
  readonly engine: Engine;
  readonly address: string;
  readonly tag: string;
  readonly labels: Labels;
  readonly onLine: ModulesOptions["onLine"];
};

function containerModule(
  name: string,
  manifest: DeviceManifest,
  context: ContainerContext,
): SimulatedModule {
  const { engine, address, tag, labels, onLine } = context;
  const entry = manifest.modules[name];
  if (entry === undefined) throw userError("SIM_MODULE", `the manifest has no module '${name}'`);
  const env = Object.entries(entry.env ?? {}).map(([key, { value }]) => `${key}=${value}`);
  let starts = 0;
  return {
    module: {
      name,
      desired: manifest.desired(name),
      restart: entry.restartPolicy === "never" ? "never" : "always",
      socketFor: () => SOCKET,
      start: async (daemonEnv, socket) => {
        starts += 1;
        const own = ownOptions(createOptionsOf(entry), { tag, socket, address });
        const { createOptions, volumes } = own;
        // Made here, for their labels: the engine would make them without.
        for (const volume of volumes) await engine.makeVolume(volume, labels);
        const injected = Object.entries(daemonEnv).map(([key, value]) => `${key}=${value}`);
        return engine.run({
          image: entry.settings.image,
          name: `${tag}-${name}-${starts}`,
          // What createOptions say wins, as it does in aziot-edged.
          env: [...injected, ...env, ...(createOptions.Env ?? [])],
          createOptions,
          labels: { ...createOptions.Labels, ...labels },
          onLine: (line) => onLine(name, line),
        });
      },
    },
    routes: manifest.routes,
  };
}

type CreateOptions = {
  readonly Env?: readonly string[];
  readonly Labels?: Labels;
  readonly HostConfig?: {
    readonly Binds?: readonly string[];
    readonly Mounts?: readonly { readonly Type?: string; readonly Source?: string }[];
    readonly ExtraHosts?: readonly string[];
  } & Readonly<Record<string, unknown>>;
};

/** The pieces in the order of their keys, as edgeAgent joins them. */
function createOptionsOf({ settings }: ModuleEntry): CreateOptions {
  const keys = Object.keys(settings).filter((key) => /^createoptions\d*$/i.test(key));
  const text = keys
    .toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .map((key) => settings[key])
    .join("");
  return text === "" ? {} : (JSON.parse(text) as CreateOptions);
}

type Surroundings = Pick<ContainerContext, "tag" | "address"> & { readonly socket: string };

/** With the daemon's socket and the hub's address; its volumes are this device's own. */
function ownOptions(
  options: CreateOptions,
  { tag, socket, address }: Surroundings,
): { readonly createOptions: CreateOptions; readonly volumes: readonly string[] } {
  const volumes: string[] = [];
  const ownVolume = (name: string): string => {
    volumes.push(`${tag}-${name}`);
    return `${tag}-${name}`;
  };
  const binds = (options.HostConfig?.Binds ?? []).map((bind) => {
    const [source = "", ...rest] = bind.split(":");
    return source.startsWith("/") ? bind : [ownVolume(source), ...rest].join(":");
  });
  const mounts = options.HostConfig?.Mounts?.map((mount) => {
    const named = mount.Type === "volume" && mount.Source !== undefined && mount.Source !== "";
    return named ? { ...mount, Source: ownVolume(mount.Source) } : mount;
  });
  const createOptions = {
    ...options,
    HostConfig: {
      ...options.HostConfig,
      Binds: [...binds, `${socket}:${SOCKET}`],
      ...(mounts && { Mounts: mounts }),
      ExtraHosts: [...(options.HostConfig?.ExtraHosts ?? []), `${CONTAINER_GATEWAY}:${address}`],
    },
  };
  return { createOptions, volumes };
}
