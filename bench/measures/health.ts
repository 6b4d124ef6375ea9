/** How soon does `/health/live` answer while a slow model is under full load? */

import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import type { BenchCase } from "../bench-case.ts";
import { writeRequestScript } from "../load/request-script.ts";
import { runWrk } from "../load/wrk.ts";
import { makeSlow } from "../models/bench-model.ts";
import type { BenchModel } from "../models/bench-model.ts";
import { startBare } from "../servers/bare.ts";
import { startEdgewright } from "../servers/edgewright.ts";
import type { Server } from "../servers/server.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { percentile } from "./median.ts";
import { measureRunFloor } from "./run-floor.ts";

const RUN_MS = 50;
const TRIAL_ROUNDS = 200;
const CONNECTIONS = 8;
const PROBE_EVERY_MS = 5;

export async function measureHealth(
  workplace: Workplace,
  seconds: number,
): Promise<readonly Finding[]> {
  const model = await modelOf(workplace, RUN_MS);
  const { wallMs } = await measureRunFloor(workplace, model, 1);
  const p99s: number[] = [];
  for (const start of [startEdgewright, startBare]) {
    const server = await start(workplace, model);
    const live = server.name === "bare" ? `${server.url}/` : `${server.url}/health/live`;
    p99s.push(percentile(await probeUnderLoad(workplace, { server, model, live, seconds }), 99));
    await server.stop();
  }
  const [ours = 0, bare = 0] = p99s;
  return [
    {
      what: `\`/health/live\` p99 while a model of ${wallMs.toFixed(0)} ms runs at full load (beside: bare)`,
      ours: `${ours.toFixed(2)} ms`,
      beside: `${bare.toFixed(0)} ms`,
      ratio: ours / bare,
    },
  ];
}

/** As many rounds of work as take the wanted time on this machine. */
async function modelOf(workplace: Workplace, runMs: number): Promise<BenchModel> {
  const trial = await measureRunFloor(workplace, makeSlow(workplace.folder, TRIAL_ROUNDS), 1);
  return makeSlow(workplace.folder, Math.round((TRIAL_ROUNDS * runMs) / trial.wallMs));
}

async function probeUnderLoad(
  { folder, processes }: Workplace,
  {
    server,
    model,
    live,
    seconds,
  }: { server: Server; model: BenchModel; live: string; seconds: number },
): Promise<readonly number[]> {
  const benchCase: BenchCase = { name: "health", model, encoding: "json" };
  const request = server.request(benchCase);
  if (request === undefined) throw new Error(`${server.name} does not speak JSON`);
  const script = writeRequestScript(folder, `health-${server.name}`, request.body);
  const load = { url: request.url, script, connections: CONNECTIONS, seconds };
  const over = new AbortController();
  const running = runWrk(processes, load);
  running.then(
    () => over.abort(),
    () => over.abort(),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const latencies: number[] = [];
  while (!over.signal.aborted) {
    latencies.push(await latencyMs(live, agent));
    await sleep(PROBE_EVERY_MS);
  }
  agent.destroy();
  await running;
  return latencies;
}

async function latencyMs(url: string, agent: Agent): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      response.resume().on("end", () => resolve(performance.now() - begun));
    });
    request.on("error", reject);
  });
}
