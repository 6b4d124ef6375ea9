/** A scenario from its first step to its verdict. */

import type { Clock } from "../../core/ports.ts";
import { UserError } from "../../core/problem.ts";
import type { Place } from "../../core/problem.ts";
import type { Device } from "../device.ts";
import { RouteFault } from "../routes/lexer.ts";
import { tally } from "./arrivals.ts";
import type { Tally } from "./arrivals.ts";
import type { Scenario } from "./parse.ts";
import type { Step } from "./schema.ts";
import { createSender } from "./sender.ts";
import { runStep, StepFailed } from "./steps.ts";
import type { Stage } from "./steps.ts";

type StepReport = {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
};

export type Verdict = Tally & {
  readonly ok: boolean;
  readonly steps: readonly StepReport[];
  /** Of the step that failed. */
  readonly failedAt?: Place;
};

export type ScenarioRunOptions = {
  readonly scenario: Scenario;
  readonly device: Device;
  /** What files of the scenario are relative to. */
  readonly folder: string;
  readonly clock: Clock;
  readonly volumeOf: Stage["volumeOf"];
  readonly onStep: (report: StepReport) => void;
};

/** Ends with the first step that fails: what follows would tell nothing. */
export async function runScenario(options: ScenarioRunOptions): Promise<Verdict> {
  const { scenario, device, folder, clock, volumeOf, onStep } = options;
  const sender = createSender(device, folder, clock);
  const stage: Stage = { device, sender, clock, volumeOf, patched: new Map() };
  const steps: StepReport[] = [];
  let failedAt: Place | undefined;
  for (const { step, at } of scenario.steps) {
    const report = await attempt(step, stage);
    steps.push(report);
    onStep(report);
    if (report.ok) continue;
    failedAt = at;
    break;
  }
  return {
    ok: failedAt === undefined,
    ...tally(device.upstream, sender),
    steps,
    ...(failedAt !== undefined && { failedAt }),
  };
}

async function attempt(step: Step, stage: Stage): Promise<StepReport> {
  const name = nameOf(step);
  try {
    return { name, ok: true, detail: await runStep(step, stage) };
  } catch (error) {
    if (error instanceof StepFailed || error instanceof RouteFault || error instanceof UserError) {
      return { name, ok: false, detail: error.message };
    }
    throw error;
  }
}

/** The verb and what it is about. */
function nameOf({ verb, value }: Step): string {
  if (typeof value !== "object") return `${verb} ${value}`;
  const { module, to, name } = value as { module?: string; to?: string; name?: string };
  return [verb, module ?? to, name].filter((part) => part !== undefined).join(" ");
}
