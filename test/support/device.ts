/** A simulated device whose modules are the test itself, or processes of the runtime. */

import type { TestContext } from "node:test";

import { startDevice } from "../../src/simulator/device.ts";
import type { Device, DeviceModule, DeviceOptions } from "../../src/simulator/device.ts";
import type { ModuleEnvironment } from "../../src/simulator/modules/module-runner.ts";
import { keptLog } from "./quiet.ts";
import type { KeptLog } from "./quiet.ts";
import { tempFolder } from "./temp-folder.ts";

export type TestDevice = {
  readonly device: Device;
  readonly log: KeptLog;
  /** What the daemon gave to each module. */
  readonly env: ReadonlyMap<string, ModuleEnvironment>;
};

export async function testDevice(
  context: TestContext,
  options: Partial<DeviceOptions> & { readonly names?: readonly string[] },
): Promise<TestDevice> {
  const log = keptLog();
  const env = new Map<string, ModuleEnvironment>();
  const modules: readonly DeviceModule[] = (options.names ?? []).map((name) => ({
    name,
    desired: {},
    restart: "never",
    start: (given) => {
      env.set(name, given);
      return Promise.resolve({
        kill: () => undefined,
        stop: () => Promise.resolve(),
        ended: new Promise(() => undefined),
      });
    },
  }));
  const device = await startDevice({
    folder: tempFolder(context),
    host: "127.0.0.1",
    port: 0,
    gatewayHostName: "localhost",
    addresses: [],
    modules,
    clients: [],
    routes: { all: "FROM /messages/* INTO $upstream" },
    timeToLiveSecs: 3600,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log,
    ...options,
  });
  context.after(() => device.stop());
  return { device, log, env };
}

/** Waits until it holds. */
export async function until(holds: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function jsonMessage(body: unknown, mid: string, properties: Record<string, string> = {}) {
  const bag = { system: { mid, ct: "application/json", ce: "utf-8" }, properties };
  return { bag, body: Buffer.from(JSON.stringify(body)) };
}
