/**
 * The simulated device: a hub, the daemon's workload sockets, and modules that are kept running. The
 * cloud behind it is a list of what has arrived.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Clock, Log } from "../core/ports.ts";
import { userError } from "../core/problem.ts";
import { loadCertificates } from "./broker/certificates.ts";
import { loadIdentities } from "./broker/identities.ts";
import { renderToken } from "./broker/sas-token.ts";
import { serveWorkloadApi } from "./broker/workload-api.ts";
import type { WorkloadApi } from "./broker/workload-api.ts";
import { openHub } from "./hub/hub.ts";
import type { Hub, HubOptions } from "./hub/hub.ts";
import { createUpstream } from "./hub/upstream.ts";
import type { Upstream } from "./hub/upstream.ts";
import type { JsonObject } from "./hub/merge-patch.ts";
import type { StartModule } from "./modules/module-runner.ts";
import { supervise } from "./modules/supervisor.ts";
import type { Supervised } from "./modules/supervisor.ts";
import { readRoutes } from "./routes/route-table.ts";
import type { RouteSpec } from "./routes/route-table.ts";

export type DeviceModule = {
  readonly name: string;
  readonly start: StartModule;
  readonly desired: JsonObject;
  readonly restart: "always" | "never";
  /** The workload socket as the module sees it; absent: as we do. */
  readonly socketPath?: string;
};

export type DeviceOptions = {
  readonly folder: string;
  /** Where the hub listens, and by which name and address modules reach it. */
  readonly host: string;
  readonly port: number;
  readonly gatewayHostName: string;
  readonly addresses: readonly string[];
  readonly modules: readonly DeviceModule[];
  readonly routes: Readonly<Record<string, RouteSpec>>;
  readonly timeToLiveSecs: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type Device = {
  readonly hub: () => Hub;
  readonly upstream: Upstream;
  readonly caFile: string;
  readonly modules: ReadonlyMap<string, Supervised>;
  readonly names: readonly string[];
  /** What another client needs to be this module. */
  readonly credentialsOf: (module: string) => Credentials | undefined;
  readonly restartHub: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type Credentials = {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
};

const HUB = "edgewright-sim.azure-devices.net";
const DEVICE = "sim-device";
const TOKEN_SECONDS = 86_400;
const GENERATION = "1";

/** @throws UserError SIM_ROUTE, SIM_TWIN, SIM_MODULE */
export async function startDevice(options: DeviceOptions): Promise<Device> {
  const { folder, modules, clock, log } = options;
  const routes = readRoutes(options.routes);
  if (!routes.ok) throw userError("SIM_ROUTE", routes.problems.map(({ message }) => message).join("; "));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const identities = loadIdentities(folder);
  const certificates = await loadCertificates({
    folder,
    hostNames: [options.gatewayHostName, "localhost"],
    addresses: ["127.0.0.1", ...options.addresses],
    now: clock.now(),
  });
  const upstream = createUpstream();
  for (const { name } of modules) identities.add(name);
  const hubOptions: Omit<HubOptions, "port"> = {
    hub: HUB,
    device: DEVICE,
    host: options.host,
    folder: join(folder, "hub"),
    certificates,
    identities,
    upstream,
    routes: options.routes,
    timeToLiveSecs: options.timeToLiveSecs,
    clock,
    log,
  };
  let hub = await openHub({ ...hubOptions, port: options.port });
  const { port } = hub;
  const sockets: WorkloadApi[] = [];
  const running = new Map<string, Supervised>();
  const stop = async (): Promise<void> => {
    await Promise.all([...running.values()].map((module) => module.stop()));
    await hub.close();
    await Promise.all(sockets.map((socket) => socket.close()));
  };
  const startModule = async (module: DeviceModule): Promise<void> => {
    const { name, desired, start, restart } = module;
    const patched = hub.patchDesired(name, desired);
    if (!patched.ok) throw userError("SIM_TWIN", `the twin of '${name}': ${patched.fault}`);
    const socket = join(folder, `${running.size}.sock`);
    const key = identities.keyOf(name) ?? new Uint8Array();
    const trustBundle = (): string => certificates.ca;
    sockets.push(await serveWorkloadApi({ socket, module: name, key, trustBundle }));
    const env = {
      IOTEDGE_WORKLOADURI: `unix://${module.socketPath ?? socket}`,
      IOTEDGE_AUTHSCHEME: "sasToken",
      IOTEDGE_DEVICEID: DEVICE,
      IOTEDGE_MODULEID: name,
      IOTEDGE_MODULEGENERATIONID: GENERATION,
      IOTEDGE_IOTHUBHOSTNAME: HUB,
      IOTEDGE_GATEWAYHOSTNAME: `${options.gatewayHostName}:${port}`,
      IOTEDGE_APIVERSION: "2021-12-07",
    };
    running.set(name, await supervise({ name, start, env, restart, log }));
  };
  try {
    for (const module of modules) await startModule(module);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    hub: () => hub,
    upstream,
    caFile: join(folder, "ca.pem"),
    modules: running,
    names: modules.map(({ name }) => name),
    credentialsOf: (module) => {
      const key = identities.keyOf(module);
      if (key === undefined) return undefined;
      const expiresAt = Math.floor(clock.now() / 1000) + TOKEN_SECONDS;
      const resource = { hub: HUB, device: DEVICE, module };
      return {
        clientId: `${DEVICE}/${module}`,
        username: `${HUB}/${DEVICE}/${module}/?api-version=2021-04-12`,
        password: renderToken({ key, resource, expiresAt }),
      };
    },
    restartHub: async () => {
      await hub.close();
      hub = await openHub({ ...hubOptions, port });
    },
    stop,
  };
}
