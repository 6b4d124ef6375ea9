/** The story of one run: find the models, start the servers, let them take turns, look at the rest. */

import { findCase } from "./bench-case.ts";
import type { BenchCase, Folders } from "./bench-case.ts";
import type { Finding } from "./measures/finding.ts";
import { measureEcho, measureFlask } from "./measures/echo.ts";
import { measureHealth } from "./measures/health.ts";
import { measureIdle } from "./measures/idle.ts";
import { measureInstances } from "./measures/instances.ts";
import { measureMemory } from "./measures/memory.ts";
import { measureRunFloor } from "./measures/run-floor.ts";
import { measureScoring } from "./measures/scoring.ts";
import type { Scoring } from "./measures/scoring.ts";
import { measureStandIn } from "./measures/stand-in.ts";
import { measureStart } from "./measures/start.ts";
import { measureWorkers } from "./measures/workers.ts";
import type { BenchOptions, Case, Measure } from "./options.ts";
import type { Floor, Results } from "./report/page.ts";
import { startBare } from "./servers/bare.ts";
import { startEdgewright } from "./servers/edgewright.ts";
import type { Workplace } from "./workplace.ts";

const STARTS = 5;
const MEMORY_REQUESTS = 100_000;
const HEALTH_SECONDS = 10;

export type Bench = {
  readonly workplace: Workplace;
  readonly options: BenchOptions;
  readonly folders: Folders;
};

export async function runBench(
  bench: Bench,
): Promise<Pick<Results, "scorings" | "floors" | "findings" | "leftOut">> {
  const { workplace, options, folders } = bench;
  const leftOut: string[] = [];
  // One that is missing, or fails, takes nothing from the others.
  const attempt = async (
    name: Case | Measure,
    of: Case,
    work: (benchCase: BenchCase) => Promise<void>,
  ): Promise<void> => {
    try {
      const benchCase = findCase(of, folders);
      if (benchCase === undefined) leftOut.push(`${name}: its model is not in the models' folder`);
      else await work(benchCase);
    } catch (error) {
      leftOut.push(`${name}: ${(error as Error).message}`);
    }
  };
  const scorings: Scoring[] = [];
  const floors = new Map<string, Floor>();
  for (const name of options.cases) {
    await attempt(name, name, async (benchCase) => {
      const { model } = benchCase;
      if (!floors.has(model.name)) {
        const floor = await measureRunFloor(workplace, model, options.seconds);
        floors.set(model.name, { ...floor, model: model.name, made: model.made });
      }
      scorings.push(...(await scoreCase(bench, benchCase)));
    });
  }
  const findings: Finding[] = [];
  for (const name of options.measures) {
    const of = name === "instances" ? "ultraface-binary" : "mul-json";
    await attempt(name, of, async (benchCase) => {
      findings.push(...(await take(bench, name, benchCase)));
      workplace.say(`${name} done`);
    });
  }
  return { scorings, floors: [...floors.values()], findings, leftOut };
}

async function scoreCase(
  { workplace, options }: Bench,
  benchCase: BenchCase,
): Promise<readonly Scoring[]> {
  const ours = await startEdgewright(workplace, benchCase.model);
  const bare = await startBare(workplace, benchCase.model);
  const servers = [ours, bare, ...options.peers];
  const scorings = await measureScoring(workplace, { benchCase, servers, plan: options });
  await Promise.all([ours.stop(), bare.stop()]);
  return scorings;
}

async function take(
  { workplace, options, folders }: Bench,
  name: Measure,
  benchCase: BenchCase,
): Promise<readonly Finding[]> {
  const { model } = benchCase;
  switch (name) {
    case "start":
      return measureStart(workplace, model, STARTS);
    case "memory":
      return measureMemory(workplace, benchCase, MEMORY_REQUESTS);
    case "health":
      return measureHealth(workplace, HEALTH_SECONDS);
    case "instances":
      return measureInstances(workplace, model, options);
    case "echo":
      return measureEcho(workplace, options);
    case "flask":
      return measureFlask(workplace, options);
    case "workers":
      return measureWorkers(workplace, model, options);
    case "onnxruntime":
      return measureStandIn(workplace, folders.models, options);
    case "idle":
      return measureIdle(workplace, model, options.idleSeconds);
  }
}
