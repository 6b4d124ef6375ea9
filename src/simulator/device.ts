/**
 * The simulated device: a hub, the daemon's workload sockets, and modules that are kept running. The
 * cloud behind it is a list of what has arrived.
 */

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { Clock, Log } from "../core/ports.ts";
import { UserError, userError } from "../core/problem.ts";
import { loadCertificates } from "./broker/certificates.ts";
import type { Certificates } from "./broker/certificates.ts";
import { loadIdentities } from "./broker/identities.ts";
import type { Identities } from "./broker/identities.ts";
import { renderToken } from "./broker/sas-token.ts";
import { serveWorkloadApi } from "./broker/workload-api.ts";
import type { WorkloadApi } from "./broker/workload-api.ts";
import { openHub } from "./hub/hub.ts";
import type { Hub } from "./hub/hub.ts";
import { createUpstream } from "./hub/upstream.ts";
import type { JsonObject } from "./hub/merge-patch.ts";
import type { StartModule } from "./modules/module-runner.ts";
import { supervise } from "./modules/supervisor.ts";
import type { Supervised } from "./modules/supervisor.ts";
import { readRoutes } from "./routes/route-table.ts";
import type { RouteSpec } from "./routes/route-spec.ts";

export type DeviceModule = {
  readonly name: string;
  readonly start: StartModule;
  readonly desired: JsonObject;
  readonly restart: "always" | "never";
  /** Where the module sees the daemon's socket; absent: where we do. */
  readonly socketFor?: (socket: string) => string;
};

export type DeviceOptions = {
  readonly folder: string;
  /** Where the hub listens, and by which name and address modules reach it. */
  readonly host: string;
  readonly port: number;
  readonly gatewayHostName: string;
  readonly addresses: readonly string[];
  readonly modules: readonly DeviceModule[];
  /** Identities for other people's clients: no module of ours runs under them. */
  readonly clients: readonly string[];
  readonly routes: Readonly<Record<string, RouteSpec>>;
  readonly timeToLiveSecs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** No more modules are started. */
  readonly signal?: AbortSignal;
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
  const routes = readRoutes(options.routes);
  if (!routes.ok) throw new UserError(routes.problems);
  const { folder, modules } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const certificates = await certificatesOf(options);
  const identities = loadIdentities(folder);
  for (const name of [...modules.map((module) => module.name), ...options.clients]) {
    identities.add(name);
  }
  const device = new Device(options, certificates, identities);
  try {
    await device.open();
    for (const module of modules) {
      options.signal?.throwIfAborted();
      await device.start(module);
    }
  } catch (error) {
    await device.stop();
    throw error;
  }
  return device;
}

function certificatesOf(options: DeviceOptions): Promise<Certificates> {
  return loadCertificates({
    folder: options.folder,
    hostNames: [options.gatewayHostName, "localhost"],
    addresses: ["127.0.0.1", ...options.addresses],
    now: options.clock.now(),
  });
}

export class Device {
  readonly upstream = createUpstream();
  readonly modules = new Map<string, Supervised>();
  readonly names: readonly string[];
  /** Identities without a module of ours. */
  readonly clients: readonly string[];
  readonly caFile: string;
  readonly #options: DeviceOptions;
  #certificates: Certificates;
  readonly #identities: Identities;
  readonly #sockets: WorkloadApi[] = [];
  #port: number;
  #hub: Hub | undefined;

  constructor(options: DeviceOptions, certificates: Certificates, identities: Identities) {
    this.#options = options;
    this.#certificates = certificates;
    this.#identities = identities;
    this.#port = options.port;
    this.clients = options.clients;
    this.names = options.modules.map(({ name }) => name);
    this.caFile = join(options.folder, "ca.pem");
  }

  get hub(): Hub {
    if (this.#hub === undefined) throw new Error("the hub is open while the device is");
    return this.#hub;
  }

  async open(isCut = false): Promise<void> {
    this.#hub = await openHub({
      ...this.#options,
      hub: HUB,
      device: DEVICE,
      port: this.#port,
      isCut,
      folder: join(this.#options.folder, "hub"),
      certificates: this.#certificates,
      identities: this.#identities,
      upstream: this.upstream,
    });
    this.#port = this.#hub.port;
  }

  /** What was not on disk is gone, as after a power cut of the hub. A cut of its network goes on. */
  async restartHub(): Promise<void> {
    const old = this.hub;
    await old.close();
    await this.open(old.isCut);
  }

  /** Another authority, and a hub with a certificate of it: who trusts the old one is kept out. */
  async renewAuthority(): Promise<void> {
    rmSync(this.caFile, { force: true });
    this.#certificates = await certificatesOf(this.#options);
    await this.restartHub();
  }

  async start(module: DeviceModule): Promise<void> {
    const { name, desired, start, restart } = module;
    const { folder, gatewayHostName, log } = this.#options;
    const patched = this.hub.patchDesired(name, desired);
    if (!patched.ok) throw userError("SIM_TWIN", `the twin of '${name}': ${patched.fault}`);
    // A number and not the name: the path of a socket has room for 107 bytes.
    const socket = join(folder, `${this.#sockets.length}.sock`);
    const trustBundle = (): string => this.#certificates.ca;
    const key = this.#identities.keyOf(name) ?? new Uint8Array();
    this.#sockets.push(await serveWorkloadApi({ socket, module: name, key, trustBundle }));
    const env = {
      IOTEDGE_WORKLOADURI: `unix://${module.socketFor?.(socket) ?? socket}`,
      IOTEDGE_AUTHSCHEME: "sasToken",
      IOTEDGE_DEVICEID: DEVICE,
      IOTEDGE_MODULEID: name,
      IOTEDGE_MODULEGENERATIONID: GENERATION,
      IOTEDGE_IOTHUBHOSTNAME: HUB,
      IOTEDGE_GATEWAYHOSTNAME: `${gatewayHostName}:${this.#port}`,
      IOTEDGE_APIVERSION: "2021-12-07",
    };
    try {
      this.modules.set(name, await supervise({ name, start, env, socket, restart, log }));
    } catch (error) {
      if (error instanceof UserError) throw error;
      const message = `module '${name}' cannot be started: ${(error as Error).message}`;
      throw userError("SIM_MODULE", message);
    }
  }

  /** A module of this device, or another client's identity on it. */
  knows(name: string): boolean {
    return this.names.includes(name) || this.clients.includes(name);
  }

  /** What another client needs to be this module. */
  credentialsOf(module: string): Credentials | undefined {
    const key = this.#identities.keyOf(module);
    if (key === undefined) return undefined;
    const expiresAt = Math.floor(this.#options.clock.now() / 1000) + TOKEN_SECONDS;
    const resource = { hub: HUB, device: DEVICE, module };
    return {
      clientId: `${DEVICE}/${module}`,
      username: `${HUB}/${DEVICE}/${module}/?api-version=2021-04-12`,
      password: renderToken({ key, resource, expiresAt }),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.modules.values()].map((module) => module.stop()));
    await this.#hub?.close();
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }
}
