/** What does scoring cost each server, in rounds that take turns? */

import type { BenchCase } from "../bench-case.ts";
import { runWrk } from "../load/wrk.ts";
import { writeRequestScript } from "../load/request-script.ts";
import type { WrkResult } from "../load/wrk-output.ts";
import type { Request, Server } from "../servers/server.ts";
import type { Workplace } from "../workplace.ts";
import { median } from "./median.ts";
import { treeUsage, untilQuiet } from "./tree-usage.ts";

export type ScoringPlan = {
  readonly connections: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
};

/** Medians over the rounds; `failed` over all of them. */
export type Scoring = {
  readonly case: string;
  readonly connections: number;
  readonly server: string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the whole process tree, for each completed request. */
  readonly cpuUs: number;
  readonly residentMiB: number;
  readonly failed: number;
};

type Contender = { readonly server: Server; readonly url: string; readonly script: string };
/** `script` is wrk's. */
export type Target = { readonly pid: number; readonly url: string; readonly script: string };
export type Round = WrkResult & { readonly cpuUs: number; readonly residentMiB: number };

/** A server that does not speak the case, or refuses its request, is left out by name. */
export async function measureScoring(
  workplace: Workplace,
  {
    benchCase,
    servers,
    plan,
  }: { benchCase: BenchCase; servers: readonly Server[]; plan: ScoringPlan },
): Promise<readonly Scoring[]> {
  const contenders: Contender[] = [];
  for (const server of servers) {
    const request = server.request(benchCase);
    const refusal = request === undefined ? "it does not speak that" : await refusalOf(request);
    if (request === undefined || refusal !== undefined) {
      workplace.say(`${benchCase.name}: ${server.name} is left out: ${refusal}`);
      continue;
    }
    const name = `${benchCase.name}-${contenders.length}`;
    const script = writeRequestScript(workplace.folder, name, request.body);
    contenders.push({ server, url: request.url, script });
  }
  const figures: Scoring[] = [];
  for (const connections of plan.connections) {
    const load = { connections, seconds: plan.seconds };
    const rounds = await takeTurns(contenders, plan.rounds, (contender) =>
      takeRound(workplace, { ...contender, pid: contender.server.pid }, load),
    );
    contenders.forEach(({ server }, index) => {
      figures.push({
        case: benchCase.name,
        connections,
        server: server.name,
        ...summarise(rounds[index] ?? []),
      });
    });
    workplace.say(`${benchCase.name}: ${connections} connections done`);
  }
  return figures;
}

/** One round of each that does not count, then `rounds` of each; who begins changes every time. */
export async function takeTurns<Item, Result>(
  items: readonly Item[],
  rounds: number,
  take: (item: Item) => Promise<Result>,
): Promise<readonly (readonly Result[])[]> {
  const results: Result[][] = items.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    const order = [...items.entries()];
    for (const [index, item] of round % 2 === 0 ? order : order.toReversed()) {
      const result = await take(item);
      if (round > 0) results[index]?.push(result);
    }
  }
  return results;
}

async function refusalOf({ url, body }: Request): Promise<string | undefined> {
  try {
    const { headers, bytes } = body;
    const response = await fetch(url, { method: "POST", headers, body: new Uint8Array(bytes) });
    const text = await response.text();
    return response.ok ? undefined : `it says ${response.status}: ${text.slice(0, 200)}`;
  } catch (error) {
    return `it cannot be reached: ${(error as Error).message}`;
  }
}

export async function takeRound(
  { processes }: Workplace,
  { pid, url, script }: Target,
  load: { readonly connections: number; readonly seconds: number },
): Promise<Round> {
  const before = treeUsage(pid);
  const seen = await runWrk(processes, { url, script, ...load });
  const after = treeUsage(pid);
  await untilQuiet(pid);
  const cpuUs = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / Math.max(seen.requests, 1);
  return { ...seen, cpuUs, residentMiB: after.residentMiB };
}

function summarise(rounds: readonly Round[]): Omit<Scoring, "case" | "connections" | "server"> {
  const of = (name: keyof Round): number => median(rounds.map((round) => round[name]));
  return {
    requestsPerSecond: of("requestsPerSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    cpuUs: of("cpuUs"),
    residentMiB: of("residentMiB"),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  };
}
