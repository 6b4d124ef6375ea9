/** How much more do two instances serve than one? */

import type { BenchCase } from "../bench-case.ts";
import { startEdgewright } from "../servers/edgewright.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { measureScoring } from "./scoring.ts";
import type { ScoringPlan } from "./scoring.ts";

const CONNECTIONS = 8;

export async function measureInstances(
  workplace: Workplace,
  benchCase: BenchCase,
  plan: ScoringPlan,
): Promise<readonly Finding[]> {
  const servers = [];
  for (const instances of [2, 1]) {
    const server = await startEdgewright(workplace, benchCase.model, instances);
    servers.push({ ...server, name: `${instances} instances` });
  }
  const [two, one] = await measureScoring(workplace, {
    benchCase,
    servers,
    plan: { ...plan, connections: [CONNECTIONS] },
  });
  await Promise.all(servers.map(async (server) => server.stop()));
  if (two === undefined || one === undefined) return [];
  return [
    {
      what: `two instances of ${benchCase.name} at ${CONNECTIONS} connections (beside: one)`,
      ours: `${two.requestsPerSecond.toFixed(1)} requests/s`,
      beside: `${one.requestsPerSecond.toFixed(1)} requests/s`,
      ratio: two.requestsPerSecond / one.requestsPerSecond,
    },
  ];
}
