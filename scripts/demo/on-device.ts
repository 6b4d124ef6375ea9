/**
 * The module on a simulated device: windows go in as messages, scores come out through a route, the
 * traffic is shifted by a twin patch, the hub goes away and comes back, and nothing is lost.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { loadHeldOut } from "../../examples/bearing-monitor/held-out.ts";
import { startDevice } from "../../src/simulator/device.ts";
import type { Device } from "../../src/simulator/device.ts";
import type { JsonObject } from "../../src/simulator/hub/merge-patch.ts";
import { startProcess } from "../../src/simulator/modules/process.ts";
import { imageCommand } from "./unpacked-image.ts";
import type { UnpackedImage } from "./unpacked-image.ts";

const MODULE = "bearing-monitor";
const CUT_MS = 3_000;
const LIMIT_MS = 30_000;

const say = (text: string): void => console.log(text);
const silent = { debug: () => undefined, info: () => undefined };

type Manifest = {
  readonly modulesContent: Readonly<
    Record<
      string,
      { readonly "properties.desired": JsonObject & { routes?: Record<string, string> } }
    >
  >;
};

/** @param manifest the deployment manifest of the build: its routes and its twin are in force */
export async function showOnDevice(
  image: UnpackedImage,
  manifest: string,
  folder: string,
): Promise<void> {
  const { modulesContent } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest;
  const { program, args, env } = imageCommand(image);
  const command = [program, ...args] as const;
  const volume = { EDGEWRIGHT_VOLUME: join(folder, "volume") };
  const device = await startDevice({
    folder,
    host: "127.0.0.1",
    port: 0,
    gatewayHostName: "localhost",
    addresses: [],
    clients: [],
    modules: [
      {
        name: MODULE,
        desired: modulesContent[MODULE]?.["properties.desired"] ?? {},
        restart: "always",
        start: (daemon) =>
          startProcess({ command, env: { ...env, ...volume }, onLine: () => undefined }, daemon),
      },
    ],
    routes: modulesContent["$edgeHub"]?.["properties.desired"].routes ?? {},
    timeToLiveSecs: 7200,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    log: { ...silent, warn: say, error: say },
  });
  try {
    await showTraffic(device);
    await showCut(device);
  } finally {
    await device.stop();
  }
}

async function showTraffic(device: Device): Promise<void> {
  await until(() => device.hub.connectedModules().includes(MODULE));
  say(`${MODULE} is connected to the hub at port ${device.hub.port}, MQTT over TLS`);
  send(device, "before", 200);
  say(await sharesOf(device, "before", { green: 20 }));

  say("twin patch: traffic blue 50, green 50");
  const patched = device.hub.patchDesired(MODULE, { traffic: { blue: 50, green: 50 } });
  assert.ok(patched.ok, "the hub takes the patch");
  await until(() => {
    const { lastPatch } = device.hub.twinOf(MODULE).reported.properties;
    return isDeepStrictEqual(lastPatch, { version: patched.version, ok: true, problems: {} });
  });
  say(`the module reports version ${patched.version} of its desired properties, and that it is ok`);
  send(device, "after", 200);
  say(await sharesOf(device, "after", { green: 100 }));
}

async function showCut(device: Device): Promise<void> {
  send(device, "cut", 100);
  device.hub.cut();
  say(`the hub is cut off with 100 windows on their way, for ${CUT_MS / 1000} s`);
  await new Promise((resolve) => setTimeout(resolve, CUT_MS));
  device.hub.restore();
  const start = performance.now();
  await until(() => idsOf(device, "cut").size === 100);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`the hub is back: ${seconds} s later all 100 scores have arrived, none is lost`);
}

/** Held-out windows, in their order, to the module's input. */
function send(device: Device, name: string, count: number): void {
  const heldOut = loadHeldOut();
  for (let number = 0; number < count; number += 1) {
    const system = { mid: `${name}-${number}`, ct: "application/json", ce: "utf-8" };
    const body = Buffer.from(heldOut.body(number));
    device.hub.sendToInput(MODULE, "amlInput", { bag: { system, properties: {} }, body });
  }
}

function idsOf(device: Device, name: string): ReadonlyMap<string, string> {
  return new Map(
    device.upstream
      .messages()
      .map(
        ({ bag }) =>
          [bag.system["mid"] ?? "", bag.properties["azureml-model-deployment"] ?? ""] as const,
      )
      .filter(([mid]) => mid.startsWith(`${name}-`)),
  );
}

async function sharesOf(
  device: Device,
  name: string,
  expected: { readonly green: number },
): Promise<string> {
  await until(() => idsOf(device, name).size === 200);
  const answered = [...idsOf(device, name).values()];
  const green = answered.filter((deployment) => deployment === "green").length;
  assert.equal(green, expected.green, "the messages that green has answered");
  return `200 windows in, 200 scores out: ${200 - green} of blue, ${green} of green`;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("the device does not come to it in 30 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
