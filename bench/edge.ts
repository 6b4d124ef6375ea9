/**
 * What the edge front takes: messages a second through input → score → outbox → output, the way of
 * one message at 100 a second, and what it costs in CPU and memory. `node dist/bench/edge.js`.
 */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inspectModel } from "../src/model/inspect.ts";
import { startDevice } from "../src/simulator/device.ts";
import type { Device } from "../src/simulator/device.ts";
import { startProcess } from "../src/simulator/modules/process.ts";
import type { ResolvedEndpoint } from "../src/spec/resolved.ts";
import { resolvedDeployment, resolvedEndpoint } from "../test/support/resolved.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const MODEL = `${ROOT}test/fixtures/models/double.onnx`;
const BODY = Buffer.from('{"data":[[1,2,3]]}');
const BURST = 10_000;
const STEADY = 2_000;
const RATE = 100;

async function endpoint(): Promise<ResolvedEndpoint> {
  const { inspection } = await inspectModel(MODEL);
  if (inspection === undefined) throw new Error(`${MODEL} is no model`);
  const model = { name: "double", version: "1", path: MODEL, signature: inspection.signature };
  const settings = { traffic: 100, maxConcurrentRequestsPerInstance: 16, model };
  return resolvedEndpoint("bench", [resolvedDeployment("blue", settings)]);
}

const silent = (): undefined => undefined;

type Bench = { readonly device: Device; readonly pid: () => number };

async function start(folder: string): Promise<Bench> {
  const file = join(folder, "endpoint.json");
  writeFileSync(file, JSON.stringify(await endpoint()));
  mkdirSync(join(folder, "volume"));
  let pid = 0;
  const device = await startDevice({
    folder,
    host: "127.0.0.1",
    port: 0,
    gatewayHostName: "localhost",
    addresses: [],
    clients: [],
    routes: { up: "FROM /messages/* INTO $upstream" },
    timeToLiveSecs: 3600,
    clock: {
      now: () => performance.timeOrigin + performance.now(),
      monotonic: () => performance.now(),
    },
    log: { debug: silent, info: silent, warn: console.error, error: console.error },
    modules: [
      {
        name: "bench",
        desired: {},
        restart: "never",
        start: async (given) => {
          const command = [process.execPath, `${ROOT}dist/src/runtime/main.js`] as const;
          const env = {
            EDGEWRIGHT_ENDPOINT: file,
            EDGEWRIGHT_PORT: "0",
            EDGEWRIGHT_VOLUME: join(folder, "volume"),
          };
          const running = await startProcess({ command, env, onLine: silent }, given);
          ({ pid } = running);
          return running;
        },
      },
    ],
  });
  return { device, pid: () => pid };
}

/** User and system, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function send(device: Device, mid: string): void {
  const bag = { system: { mid, ct: "application/json", ce: "utf-8" }, properties: {} };
  device.hub.sendToInput("bench", "in", { bag, body: BODY });
}

async function arrived(device: Device, count: number): Promise<void> {
  while (device.upstream.count() < count) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function burst({ device, pid }: Bench): Promise<void> {
  const [before, cpu, begin] = [device.upstream.count(), cpuMs(pid()), performance.now()];
  for (let number = 0; number < BURST; number += 1) send(device, `burst-${number}`);
  await arrived(device, before + BURST);
  const seconds = (performance.now() - begin) / 1000;
  const used = ((cpuMs(pid()) - cpu) * 1000) / BURST;
  console.log(
    `${BURST} messages: ${Math.round(BURST / seconds)}/s, ${used.toFixed(0)} us of the module's CPU each`,
  );
}

async function steady({ device }: Bench): Promise<void> {
  const before = device.upstream.count();
  const sentAt = new Map<string, number>();
  const begin = performance.now();
  for (let number = 0; number < STEADY; number += 1) {
    const dueMs = begin + (number * 1000) / RATE - performance.now();
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    const mid = `steady-${number}`;
    sentAt.set(mid, performance.timeOrigin + performance.now());
    send(device, mid);
  }
  await arrived(device, before + STEADY);
  const ways = device.upstream
    .messages()
    .slice(-STEADY)
    .map(({ bag, enqueuedAt }) => enqueuedAt - (sentAt.get(bag.system["mid"] ?? "") ?? 0))
    .toSorted((a, b) => a - b);
  const at = (share: number): string => (ways[Math.floor(ways.length * share)] ?? 0).toFixed(2);
  console.log(
    `at ${RATE}/s, hub to result: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms`,
  );
}

const folder = mkdtempSync(join(tmpdir(), "edgewright-bench-"));
const bench = await start(folder);
try {
  while (bench.device.hub.connectedModules().length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await burst(bench);
  await burst(bench);
  await steady(bench);
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${bench.pid()}/status`, "utf8"))?.[1];
  console.log(`resident: ${(Number(kilobytes) / 1024).toFixed(0)} MiB`);
} finally {
  await bench.device.stop();
  rmSync(folder, { recursive: true, force: true });
}
