/** How much more do two instances serve than one, and how much more could they on this machine? */

import type { BenchModel } from "../models/bench-model.ts";
import { startEdgewright } from "../servers/edgewright.ts";
import type { Server } from "../servers/server.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { median } from "./median.ts";
import { measureRunFloor } from "./run-floor.ts";
import { measureScoring } from "./scoring.ts";
import type { ScoringPlan } from "./scoring.ts";

const CONNECTIONS = 8;

/** Reading a body takes its share of the CPUs: a larger one of a short run. */
const ENCODINGS = ["json", "binary"] as const;

export async function measureInstances(
  workplace: Workplace,
  model: BenchModel,
  plan: ScoringPlan,
): Promise<readonly Finding[]> {
  const servers: Server[] = [];
  for (const instances of [2, 1]) {
    const server = await startEdgewright(workplace, model, instances);
    servers.push({ ...server, name: `${instances} instances` });
  }
  const findings: Finding[] = [];
  for (const encoding of ENCODINGS) {
    const benchCase = { name: `${model.name}-${encoding}`, model, encoding };
    const [two, one] = await measureScoring(workplace, {
      benchCase,
      servers,
      plan: { ...plan, connections: [CONNECTIONS] },
    });
    if (two === undefined || one === undefined) continue;
    findings.push({
      what: `two instances of ${benchCase.name} at ${CONNECTIONS} connections (beside: one)`,
      ours: `${two.requestsPerSecond.toFixed(1)} requests/s`,
      beside: `${one.requestsPerSecond.toFixed(1)} requests/s`,
      ratio: two.requestsPerSecond / one.requestsPerSecond,
    });
  }
  await Promise.all(servers.map(async (server) => server.stop()));
  return [...findings, await measureLoops(workplace, model, plan)];
}

/** Nothing but the model, in two processes and in one: what the second CPU is worth to it. */
async function measureLoops(
  workplace: Workplace,
  model: BenchModel,
  { rounds, seconds }: ScoringPlan,
): Promise<Finding> {
  const loop = async (): Promise<number> => {
    const { wallMs } = await measureRunFloor(workplace, model, seconds);
    return 1000 / wallMs;
  };
  const [ones, twos]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ones.push(await loop());
    const [first, second] = await Promise.all([loop(), loop()]);
    twos.push(first + second);
  }
  const [one, two] = [median(ones), median(twos)];
  return {
    what: `two loops of session.run of ${model.name} (beside: one)`,
    ours: `${two.toFixed(1)} runs/s`,
    beside: `${one.toFixed(1)} runs/s`,
    ratio: two / one,
  };
}
