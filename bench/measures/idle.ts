/** What does a server cost that nobody asks anything? */

import { setTimeout as sleep } from "node:timers/promises";

import type { BenchModel } from "../models/bench-model.ts";
import { startEdgewright } from "../servers/edgewright.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { treeUsage } from "./tree-usage.ts";

const SETTLE_MS = 2000;

export async function measureIdle(
  workplace: Workplace,
  model: BenchModel,
  seconds: number,
): Promise<readonly Finding[]> {
  const server = await startEdgewright(workplace, model);
  await sleep(SETTLE_MS);
  const before = treeUsage(server.pid);
  await sleep(seconds * 1000);
  const used = treeUsage(server.pid).cpuSeconds - before.cpuSeconds;
  await server.stop();
  const percent = (used / seconds) * 100;
  return [
    {
      what: `CPU of the idle server over ${seconds} s, of one core`,
      ours: `${percent.toFixed(2)} %`,
      beside: "",
    },
  ];
}
