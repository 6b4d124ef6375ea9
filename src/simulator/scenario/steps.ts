/** What does each verb of a scenario do, and when has it failed? */

import { statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import type { Clock } from "../../core/ports.ts";
import type { Device } from "../device.ts";
import { isObject } from "../hub/merge-patch.ts";
import type { JsonObject } from "../hub/merge-patch.ts";
import type { MethodAnswer } from "../hub/methods.ts";
import type { Arrivals } from "./arrivals.ts";
import { durationMs } from "./duration.ts";
import { sleep, unlessStopped } from "./patience.ts";
import type { Step } from "./schema.ts";
import type { Sender } from "./sender.ts";

/** Thrown by a step that failed: what was there, and what was expected. */
export class StepFailed extends Error {}

export type Stage = {
  readonly device: Device;
  readonly sender: Sender;
  readonly arrivals: Arrivals;
  readonly clock: Clock;
  /** Folder of a module's volume where its size is limited. */
  readonly volumeOf: (module: string) => string | undefined;
  /** Stops whatever waits. */
  readonly signal: AbortSignal;
  /** Version of the last patch that this scenario made to a module's twin. */
  readonly patched: Map<string, number>;
};

type Value<V extends Step["verb"]> = Extract<Step, { verb: V }>["value"];

const WITHIN_MS = 10_000;
const POLL_MS = 20;
/** How long a bound from above is watched after it is met. */
const SETTLE_MS = 500;

/** Resolves with what is worth saying. @throws StepFailed */
export async function runStep({ verb, value }: Step, stage: Stage): Promise<string> {
  const { device, sender, signal } = stage;
  signal.throwIfAborted();
  switch (verb) {
    case "send": {
      if (value.to !== undefined) checkModule(device, value.to);
      const sent = sender.send(value);
      if (value.background !== true) await sent.finished;
      return `${sent.count} messages`;
    }
    case "expect":
      return expectation(value, stage);
    case "patch twin":
      return patchTwin(value, stage);
    case "call method":
      return callMethod(value, stage);
    case "set routes": {
      const read = device.hub.setRoutes(value.routes);
      const refused = value.expect === "refused";
      const reasons = read.problems.map(({ message }) => message).join("; ");
      if (read.ok === refused) throw new StepFailed(read.ok ? "the routes were taken" : reasons);
      return read.ok ? "in force" : `refused: ${reasons}`;
    }
    case "cut hub":
      device.hub.cut();
      if (typeof value === "object") return "until restore";
      await sleep(durationMs(value), signal);
      device.hub.restore();
      return `restored after ${durationMs(value)} ms`;
    case "restore":
      device.hub.restore();
      return "restored";
    case "restart hub":
      await device.restartHub();
      return "restarted";
    case "kill module":
      return killModule(value, stage);
    case "wait":
      await sleep(durationMs(value), signal);
      return `${durationMs(value)} ms`;
    case "fill disk":
      return fillDisk(value, stage);
  }
}

function checkModule(device: Device, module: string): void {
  if (device.names.includes(module)) return;
  throw new StepFailed(`there is no module '${module}', there is ${device.names.join(", ")}`);
}

async function expectation(value: Value<"expect">, stage: Stage): Promise<string> {
  const { clock, signal } = stage;
  const deadline =
    clock.monotonic() + (value.within === undefined ? WITHIN_MS : durationMs(value.within));
  for (;;) {
    const missing = await missingIn(value, stage);
    if (missing === undefined) break;
    if (clock.monotonic() >= deadline || missing.final === true) throw new StepFailed(missing.text);
    await sleep(POLL_MS, signal);
  }
  if (value.upstream === undefined) return "as expected";
  // One too many would come right behind.
  await sleep(SETTLE_MS, signal);
  const late = await missingIn(value, stage);
  if (late !== undefined) throw new StepFailed(late.text);
  return `${stage.arrivals.count(value)} messages`;
}

type Missing = { readonly text: string; readonly final?: boolean };

async function missingIn(value: Value<"expect">, stage: Stage): Promise<Missing | undefined> {
  const { device, sender, arrivals } = stage;
  const { upstream, reported, connected, sent } = value;
  if (sent !== undefined) {
    const found = sender.byName(sent);
    if (found === undefined) return { text: `there is no send '${sent}'`, final: true };
    await unlessStopped(found.finished, stage.signal);
  }
  if (connected !== undefined && !device.hub.connectedModules().includes(connected)) {
    return { text: `${connected} is not connected` };
  }
  if (upstream !== undefined) {
    const count = arrivals.count(value);
    const { min = 0, max } =
      typeof upstream === "number" ? { min: upstream, max: upstream } : upstream;
    if (max !== undefined && count > max) {
      return { text: `${count} messages have arrived, expected at most ${max}`, final: true };
    }
    if (count < min) return { text: `${count} messages have arrived, expected ${min}` };
  }
  return reported === undefined ? undefined : missingReport(value, reported, stage);
}

function missingReport(
  { module = "" }: Value<"expect">,
  expected: Readonly<Record<string, unknown>>,
  { device, patched }: Stage,
): Missing | undefined {
  const name = module === "" ? (device.names[0] ?? "") : module;
  const { properties } = device.hub.twinOf(name).reported;
  const version = patched.get(name);
  const asksForPatch = Object.keys(expected).some((path) => path.startsWith("lastPatch"));
  // An answer to an earlier patch says nothing about this one.
  if (asksForPatch && version !== undefined && at(properties, "lastPatch.version") !== version) {
    return { text: `${name} has not reported on version ${version} of its desired properties` };
  }
  return mismatch(properties, expected);
}

function mismatch(
  document: unknown,
  expected: Readonly<Record<string, unknown>>,
): Missing | undefined {
  for (const [path, value] of Object.entries(expected)) {
    const found = at(document, path);
    if (!isDeepStrictEqual(found, JSON.parse(JSON.stringify(value)))) {
      return { text: `${path} is ${JSON.stringify(found)}, expected ${JSON.stringify(value)}` };
    }
  }
  return undefined;
}

function at(document: unknown, path: string): unknown {
  let value: unknown = document;
  for (const step of path.split(".")) value = isObject(value) ? value[step] : undefined;
  return value;
}

function patchTwin({ module, desired, expect }: Value<"patch twin">, stage: Stage): string {
  checkModule(stage.device, module);
  const patch = JSON.parse(JSON.stringify(desired)) as JsonObject;
  const patched = stage.device.hub.patchDesired(module, patch);
  if (!patched.ok) {
    if (expect === "refused") return `refused: ${patched.fault}`;
    throw new StepFailed(`the hub refuses the patch: ${patched.fault}`);
  }
  if (expect === "refused") throw new StepFailed("the hub took the patch");
  stage.patched.set(module, patched.version);
  return `version ${patched.version}`;
}

async function callMethod(value: Value<"call method">, { device, signal }: Stage): Promise<string> {
  checkModule(device, value.module);
  const limitMs = value.within === undefined ? 3 * WITHIN_MS : durationMs(value.within);
  const call = device.hub.callMethod({
    module: value.module,
    name: value.name,
    payload: value.payload,
    connectTimeoutMs: limitMs,
    responseTimeoutMs: limitMs,
  });
  const answer: MethodAnswer = await unlessStopped(call, signal);
  const { status, payload } = value.expect ?? { status: 200 };
  const shown = JSON.stringify(answer).slice(0, 300);
  if (status !== undefined && answer.status !== status) {
    throw new StepFailed(`the answer is ${shown}, expected status ${status}`);
  }
  const wrong = payload === undefined ? undefined : mismatch(answer.payload, payload);
  if (wrong !== undefined) throw new StepFailed(wrong.text);
  return `status ${answer.status}`;
}

async function killModule(name: string, { device, signal }: Stage): Promise<string> {
  checkModule(device, name);
  const module = device.modules.get(name);
  if (module?.running() !== true) throw new StepFailed(`${name} does not run`);
  module.kill();
  while (module.running()) await sleep(POLL_MS, signal);
  return "killed";
}

/** Only where the volume has a size of its own: nobody's disk is to be filled by a scenario. */
function fillDisk({ module, leave = 0 }: Value<"fill disk">, { volumeOf }: Stage): string {
  const folder = volumeOf(module);
  if (folder === undefined) {
    throw new StepFailed(`the volume of '${module}' has no size in the scenario's volumes`);
  }
  const { bavail, bsize } = statfsSync(folder);
  const bytes = Math.max(0, bavail * bsize - leave);
  try {
    writeFileSync(join(folder, "filler"), new Uint8Array(bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
  return `${bytes} bytes`;
}
