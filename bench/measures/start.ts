/** How long after the exec of the runtime's entrypoint is it ready, and when has it scored once? */

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { NODE_FLAGS } from "../../src/core/node-flags.ts";
import { jsonBody } from "../load/body.ts";
import type { BenchModel } from "../models/bench-model.ts";
import type { Processes } from "../processes.ts";
import { BARE_SERVER, NO_TELEMETRY } from "../servers/bare.ts";
import { BIN, writeSpec } from "../servers/edgewright.ts";
import { freePort } from "../servers/free-port.ts";
import { readyLine } from "../servers/server.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { median } from "./median.ts";
import { takeTurns } from "./scoring.ts";

const ENTRYPOINT = fileURLToPath(new URL("../../src/runtime/main.js", import.meta.url));
const POLL_MS = 2;

type Start = { readonly readyMs: number; readonly scoredMs: number };

export async function measureStart(
  { folder, processes }: Workplace,
  model: BenchModel,
  starts: number,
): Promise<readonly Finding[]> {
  const endpoint = join(folder, "endpoint.json");
  const args = [BIN, "validate", writeSpec(folder, model), "--resolved", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const resolved = JSON.parse(stdout) as { readonly endpoint: object };
  writeFileSync(endpoint, JSON.stringify(resolved.endpoint));

  const take = {
    ours: () => startOurs(processes, endpoint, model),
    bare: () => startBare(processes, model),
  };
  const [ours = [], bare = []] = await takeTurns([take.ours, take.bare], starts, (one) => one());
  const finding = (what: string, name: keyof Start): Finding => {
    const [mine, floor] = [ours, bare].map((list) => median(list.map((start) => start[name])));
    return {
      what: `${what} (median of ${starts} starts; beside: bare)`,
      ours: `${mine?.toFixed(0)} ms`,
      beside: `${floor?.toFixed(0)} ms`,
      ratio: (mine ?? 0) / (floor ?? 1),
    };
  };
  return [finding("exec to ready", "readyMs"), finding("exec to first score", "scoredMs")];
}

async function startOurs(
  processes: Processes,
  endpoint: string,
  model: BenchModel,
): Promise<Start> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const begun = performance.now();
  const child = processes.start(process.execPath, [...NODE_FLAGS, ENTRYPOINT], {
    EDGEWRIGHT_ENDPOINT: endpoint,
    EDGEWRIGHT_PORT: String(port),
    EDGEWRIGHT_LOG_LEVEL: "warn",
  });
  while (!(await isReady(`${url}/health/ready`))) {
    if (child.exitCode !== null) throw new Error("the runtime ended before it was ready");
    await sleep(POLL_MS);
  }
  const readyMs = performance.now() - begun;
  await score(`${url}/score`, model);
  const scoredMs = performance.now() - begun;
  await processes.end(child);
  return { readyMs, scoredMs };
}

async function startBare(processes: Processes, model: BenchModel): Promise<Start> {
  const begun = performance.now();
  const child = processes.start(process.execPath, [BARE_SERVER, model.path], NO_TELEMETRY);
  const { url } = await readyLine<{ url: string }>(child);
  const readyMs = performance.now() - begun;
  await score(url, model);
  const scoredMs = performance.now() - begun;
  await processes.end(child);
  return { readyMs, scoredMs };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function score(url: string, model: BenchModel): Promise<void> {
  const { headers, bytes } = jsonBody(model);
  const response = await fetch(url, { method: "POST", headers, body: new Uint8Array(bytes) });
  if (!response.ok) throw new Error(`${url} says ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}
