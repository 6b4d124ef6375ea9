/** The runtime as a module process on a simulated device, with a tiny model. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Device } from "../../src/simulator/device.ts";
import type { ModuleEnvironment } from "../../src/simulator/modules/module-runner.ts";
import { startProcess } from "../../src/simulator/modules/process.ts";
import { jsonMessage, testDevice, until } from "./device.ts";
import { endpointOf } from "./endpoint.ts";
import { REPOSITORY } from "./repository.ts";
import { tempFolder } from "./temp-folder.ts";

export type RuntimeModule = {
  readonly device: Device;
  readonly folder: string;
  /** Sends 20 messages and waits for all of their results. */
  readonly score: (name: string) => Promise<void>;
  /** Sends so many, and does not wait. */
  readonly send: (name: string, count: number) => void;
  /** Distinct results so far. */
  readonly results: () => number;
  readonly residentBytes: () => number;
  /** File descriptors of the module. */
  readonly openFiles: () => number;
  /** Another one after each start. */
  readonly pid: () => number;
};

export type RuntimeModuleOptions = {
  readonly env?: (folder: string) => ModuleEnvironment;
  readonly prepare?: (folder: string) => void;
  /** Of Node. */
  readonly flags?: readonly string[];
};

const WITHIN_MS = 60_000;

export async function deviceWithRuntime(
  context: TestContext,
  { env, prepare, flags = [] }: RuntimeModuleOptions = {},
): Promise<RuntimeModule> {
  const folder = tempFolder(context);
  prepare?.(folder);
  const endpoint = await endpointOf({
    blue: { path: `${REPOSITORY}test/fixtures/models/double.onnx` },
  });
  const file = join(folder, "endpoint.json");
  writeFileSync(file, JSON.stringify(endpoint));
  mkdirSync(join(folder, "volume"));
  let pid = 0;
  const { device } = await testDevice(context, {
    folder,
    modules: [
      {
        name: "m",
        desired: {},
        restart: "always",
        start: async (given) => {
          const running = await startProcess(
            {
              command: [process.execPath, ...flags, `${REPOSITORY}dist/src/runtime/main.js`],
              env: {
                EDGEWRIGHT_ENDPOINT: file,
                EDGEWRIGHT_PORT: "0",
                EDGEWRIGHT_VOLUME: join(folder, "volume"),
                ...env?.(folder),
              },
              onLine: () => undefined,
            },
            given,
          );
          ({ pid } = running);
          return running;
        },
      },
    ],
  });
  // Of all that ever arrived: the hub keeps the newest alone.
  const arrived = new Set<string>();
  device.upstream.watch(({ bag }) => arrived.add(bag.system["mid"] ?? ""));
  const ids = (prefix: string): number =>
    [...arrived].filter((mid) => mid.startsWith(prefix)).length;
  const send = (name: string, count: number): void => {
    for (let number = 0; number < count; number += 1) {
      const body = { data: [[number, 2, 3]] };
      device.hub.sendToInput("m", "in", jsonMessage(body, `${name}/${number}`));
    }
  };
  return {
    device,
    folder,
    send,
    results: () => arrived.size,
    score: async (name) => {
      send(name, 20);
      await until(() => ids(`${name}/`) === 20, `20 results ${name}`, WITHIN_MS);
    },
    pid: () => pid,
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length,
    residentBytes: () => {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const kilobytes = /VmRSS:\s+(?<kb>\d+)/.exec(status)?.groups?.["kb"];
      assert.ok(kilobytes !== undefined, "the module runs");
      return Number(kilobytes) * 1024;
    },
  };
}
