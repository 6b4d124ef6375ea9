/** A scenario from its first step to its verdict. */

import { randomBytes } from "node:crypto";

import type { Clock } from "../../core/ports.ts";
import { UserError } from "../../core/problem.ts";
import type { Place } from "../../core/problem.ts";
import type { Device } from "../device.ts";
import { MessageRefused } from "../hub/message-limits.ts";
import { StorageFault } from "../hub/storage-fault.ts";
import { RouteFault } from "../routes/lexer.ts";
import { watchArrivals } from "./arrivals.ts";
import type { Tally } from "./arrivals.ts";
import type { Scenario } from "./parse.ts";
import { isStop } from "./patience.ts";
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
  /** It ended because it was asked to. */
  readonly stopped?: true;
};

export type ScenarioRunOptions = {
  readonly scenario: Scenario;
  readonly device: Device;
  /** What files of the scenario are relative to. */
  readonly folder: string;
  readonly clock: Clock;
  readonly volumeOf: Stage["volumeOf"];
  readonly onStep: (report: StepReport) => void;
  /** Stops the scenario where it stands. */
  readonly signal: AbortSignal;
};

/** Ends with the first step that fails: what follows would tell nothing. */
export async function runScenario(options: ScenarioRunOptions): Promise<Verdict> {
  const { scenario, device, folder, clock, volumeOf, onStep } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const sender = createSender({
    device,
    run: randomBytes(3).toString("hex"),
    folder,
    clock,
    signal,
  });
  const expects = scenario.steps.flatMap(({ step }) =>
    step.verb === "expect" ? [step.value] : [],
  );
  const arrivals = watchArrivals(device.upstream, sender, expects);
  const stage: Stage = { device, sender, arrivals, clock, volumeOf, signal, patched: new Map() };
  const steps: StepReport[] = [];
  const report = (step: StepReport): boolean => {
    steps.push(step);
    onStep(step);
    return step.ok;
  };
  let failedAt: Place | undefined;
  for (const { step, at } of scenario.steps) {
    if (report(await attempt(step, stage))) continue;
    failedAt = at;
    break;
  }
  // What sends in the background would go on into a device that is gone.
  end.abort();
  const faults = await sender.ended();
  if (failedAt === undefined) {
    for (const [name, detail] of faults) report({ name: `send ${name}`, ok: false, detail });
  }
  return {
    ok: steps.every(({ ok }) => ok),
    ...arrivals.tally(),
    steps,
    ...(failedAt !== undefined && { failedAt }),
    ...(options.signal.aborted && { stopped: true }),
  };
}

const EXPECTED = [StepFailed, RouteFault, UserError, StorageFault, MessageRefused];

async function attempt(step: Step, stage: Stage): Promise<StepReport> {
  const name = nameOf(step);
  try {
    return { name, ok: true, detail: await runStep(step, stage) };
  } catch (error) {
    if (isStop(error)) return { name, ok: false, detail: "it was stopped" };
    if (EXPECTED.some((kind) => error instanceof kind)) {
      return { name, ok: false, detail: (error as Error).message };
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
