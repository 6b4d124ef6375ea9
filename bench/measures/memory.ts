/** How much memory is resident after very many requests of the smallest model? */

import type { BenchCase } from "../bench-case.ts";
import { writeRequestScript } from "../load/request-script.ts";
import { runWrk } from "../load/wrk.ts";
import { startBare } from "../servers/bare.ts";
import { startEdgewright } from "../servers/edgewright.ts";
import type { Server } from "../servers/server.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { treeUsage } from "./tree-usage.ts";

const SLICE_SECONDS = 2;
const CONNECTIONS = 8;

export async function measureMemory(
  workplace: Workplace,
  benchCase: BenchCase,
  requests: number,
): Promise<readonly Finding[]> {
  const resident: number[] = [];
  for (const start of [startEdgewright, startBare]) {
    const server = await start(workplace, benchCase.model);
    await sendAtLeast(workplace, { server, benchCase, requests });
    resident.push(treeUsage(server.pid).residentMiB);
    await server.stop();
  }
  const [ours = 0, bare = 0] = resident;
  return [
    {
      what: `resident after ${requests.toLocaleString("en")} requests of ${benchCase.model.name} (beside: bare)`,
      ours: `${ours.toFixed(0)} MiB`,
      beside: `${bare.toFixed(0)} MiB`,
      ratio: ours / bare,
    },
  ];
}

async function sendAtLeast(
  { folder, processes }: Workplace,
  { server, benchCase, requests }: { server: Server; benchCase: BenchCase; requests: number },
): Promise<void> {
  const request = server.request(benchCase);
  if (request === undefined) throw new Error(`${server.name} does not speak ${benchCase.name}`);
  const script = writeRequestScript(folder, `memory-${server.name}`, request.body);
  const load = { url: request.url, script, connections: CONNECTIONS, seconds: SLICE_SECONDS };
  let sent = 0;
  while (sent < requests) {
    const { requests: more } = await runWrk(processes, load);
    if (more === 0) throw new Error(`${server.name} answers no more after ${sent} requests`);
    sent += more;
  }
}
