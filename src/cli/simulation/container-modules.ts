/** Modules of a simulated device as containers, created from the createOptions of their manifest. */

import { createHash } from "node:crypto";

import { UserError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { openEngine } from "../../packager/engine/engine.ts";
import type { Engine, Labels } from "../../packager/engine/engine.ts";
import { pack } from "../../packager/pack.ts";
import { assembleOptions } from "../given/assemble-options.ts";
import { authEnv, memoryEnv } from "../commands/build.ts";
import type { Invocation } from "../command.ts";
import type { LoadedEndpoint } from "../given/endpoint.ts";
import { readManifest } from "./deployment-manifest.ts";
import type { CreateOptions, DeviceManifest, ManifestModule } from "./deployment-manifest.ts";
import { deviceTag, nameParts } from "./device-folder.ts";
import type { DeviceFolder } from "./device-folder.ts";
import { labelsOf, removeDevice, removeLeftovers } from "./leftovers.ts";
import type { MadeModule, ModulesOptions, SimulatedModule } from "./simulated-modules.ts";

/** How modules call the hub; the engine tells them where it is. */
export const CONTAINER_GATEWAY = "edgewright-hub";
const SOCKET = "/run/edgewright/workload.sock";

export type Containers = {
  readonly address: string;
  /** Builds the image, and takes the module as its manifest has it. */
  readonly make: (loaded: LoadedEndpoint, options: ModulesOptions) => Promise<MadeModule>;
  /** Those that run. @throws UserError SIM_MODULE where the engine lacks an image */
  readonly fromManifest: (
    manifest: DeviceManifest,
    onLine: ModulesOptions["onLine"],
  ) => Promise<readonly SimulatedModule[]>;
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
    fromManifest: async (manifest, onLine) => {
      const running = Object.entries(manifest.modules).filter(([, module]) => module.running);
      await checkImages(engine, running);
      return running.map(([name]) => moduleOf(name, manifest, onLine));
    },
    release: async () => {
      if (!folder.kept) await removeDevice(engine, tag);
    },
  };
}

/** All that are missing at once, before the first module starts. */
async function checkImages(
  engine: Engine,
  modules: readonly (readonly [name: string, module: ManifestModule])[],
): Promise<void> {
  const problems: Problem[] = [];
  for (const [name, { image }] of modules) {
    if (await engine.has(image)) continue;
    const message = `the container engine does not have ${image}, the image of module '${name}'`;
    const hint = `Pull it first: docker pull ${image}.`;
    problems.push({ code: "SIM_MODULE", severity: "error", message, hint });
  }
  if (problems.length > 0) throw new UserError(problems);
}

/** A module's name may have capitals and hyphens at its ends, an image's not. */
function imageName(module: string): string {
  const readable = nameParts(module).join("-");
  if (readable === module) return module;
  const hash = createHash("sha256").update(module).digest("hex").slice(0, 6);
  return ["module", ...nameParts(module), hash].join("-");
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
  if (entry === undefined) throw new Error(`the manifest has module '${name}'`);
  let starts = 0;
  return {
    module: {
      name,
      desired: manifest.desired(name),
      restart: entry.restart,
      socketFor: () => SOCKET,
      start: async (daemonEnv, socket) => {
        starts += 1;
        const own = ownOptions(entry.createOptions, { tag, socket, address });
        const { createOptions, volumes } = own;
        // Made here, for their labels: the engine would make them without.
        for (const volume of volumes) await engine.makeVolume(volume, labels);
        const injected = Object.entries(daemonEnv).map(([key, value]) => `${key}=${value}`);
        return engine.run({
          image: entry.image,
          name: `${tag}-${name}-${starts}`,
          // What createOptions say wins, as it does in aziot-edged.
          env: [...injected, ...entry.env, ...(createOptions.Env ?? [])],
          createOptions,
          labels: { ...createOptions.Labels, ...labels },
          onLine: (line) => onLine(name, line),
        });
      },
    },
    routes: manifest.routes,
  };
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
    const { Type: type, Source: source = "" } = mount;
    return type === "volume" && source !== "" ? { ...mount, Source: ownVolume(source) } : mount;
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
