/** `edgewright simulate SPEC|SCENARIO`: an IoT Edge device on this machine. */

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";

import type { Problem, Read } from "../core/problem.ts";
import { createLog } from "../runtime/log.ts";
import { parseLogLevel, parsePort } from "../runtime/settings.ts";
import { serveControl } from "../simulator/control.ts";
import { startDevice } from "../simulator/device.ts";
import type { Device } from "../simulator/device.ts";
import type { RouteSpec } from "../simulator/routes/route-table.ts";
import { parseScenario } from "../simulator/scenario/parse.ts";
import type { Scenario } from "../simulator/scenario/parse.ts";
import { runScenario } from "../simulator/scenario/run.ts";
import type { Verdict } from "../simulator/scenario/run.ts";
import { UsageError } from "./command.ts";
import type { Command, Invocation, Outcome } from "./command.ts";
import { DEVICE_OPTION } from "./endpoint.ts";
import { limitVolumes } from "./limited-volume.ts";
import { loadModules } from "./simulated-modules.ts";
import type { SimulatedModule, SpecModule } from "./simulated-modules.ts";

/** Templates of deployment manifests have it. */
const TIME_TO_LIVE_SECS = 7200;

export const SIMULATE: Command = {
  name: "simulate",
  usage: "SPEC...|SCENARIO",
  summary: "an IoT Edge device on this machine: hub, routes, twins, methods; SCENARIO scripts it",
  options: {
    scenario: { type: "string", value: "FILE", summary: "the steps to run, a verdict at the end" },
    port: {
      type: "string",
      value: "PORT",
      summary: "of the hub (MQTT over TLS); a free one otherwise",
    },
    "control-port": {
      type: "string",
      value: "PORT",
      summary: "of the control over HTTP; a free one otherwise",
    },
    state: {
      type: "string",
      value: "DIR",
      summary: "keep queues, twins and volumes there; forgotten at the end otherwise",
    },
    "log-level": {
      type: "string",
      value: "LEVEL",
      summary: "of the hub: debug, info, warn (the default here) or error",
    },
    "module-logs": { type: "boolean", summary: "what the modules say, on stderr" },
    ...DEVICE_OPTION,
  },
  run: async (invocation) => {
    const plan = readPlan(invocation);
    if (!plan.ok) return { problems: plan.problems };
    const { state } = invocation.options;
    const folder =
      typeof state === "string"
        ? resolve(invocation.cwd, state)
        : mkdtempSync(join(tmpdir(), "edgewright-device-"));
    try {
      return await simulate(plan.value, invocation, folder);
    } finally {
      if (typeof state !== "string") rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Plan = {
  readonly specs: readonly SpecModule[];
  readonly scenario?: { readonly value: Scenario; readonly file: string };
};

/** A file with `steps` is a scenario, everything else is a spec. */
function readPlan({ args, cwd, options }: Invocation): Read<Plan> {
  const named = typeof options["scenario"] === "string" ? options["scenario"] : undefined;
  const [first] = args;
  const file =
    named ??
    (args.length === 1 && first !== undefined && isScenario(resolve(cwd, first))
      ? first
      : undefined);
  const specs = file === first ? [] : args;
  if (file === undefined) {
    if (specs.length === 0) throw new UsageError("a SPEC or a SCENARIO is missing");
    return { ok: true, value: { specs: [{ specs }] }, problems: [] };
  }
  const path = resolve(cwd, file);
  const text = readText(path, file);
  if (typeof text !== "string") return { ok: false, problems: [text] };
  const scenario = parseScenario(text, file);
  if (!scenario.ok) return scenario;
  const modules = Object.entries(scenario.value.modules).map(([name, spec]) => ({
    name,
    specs: [relative(cwd, resolve(dirname(path), spec))],
  }));
  const all = specs.length === 0 ? modules : [{ specs }];
  const value = { specs: all, scenario: { value: scenario.value, file: path } };
  return { ok: true, value, problems: [] };
}

function isScenario(path: string): boolean {
  try {
    return /^["']?steps["']?\s*:/m.test(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}

function readText(path: string, file: string): string | Problem {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `${file} cannot be read: ${(error as Error).message}`;
    return { code: "SIM_SCENARIO", severity: "error", message };
  }
}

async function simulate(
  plan: Plan,
  invocation: Invocation,
  folder: string,
): Promise<Outcome | undefined> {
  const { options, progress } = invocation;
  const showLogs = options["module-logs"] === true;
  const modules = await loadModules(plan.specs, {
    invocation,
    folder,
    onLine: (module, line) => {
      if (showLogs) process.stderr.write(`${module}: ${line}\n`);
    },
  });
  if (!modules.ok) return { problems: modules.problems };
  const { problems, value } = modules;
  const scenario = plan.scenario?.value;
  const volumes = limitVolumes(scenario?.volumes ?? {}, (name) => volumeOf(value, name));
  const level = typeof options["log-level"] === "string" ? options["log-level"] : "warn";
  try {
    const device = await startDevice({
      folder,
      host: "127.0.0.1",
      port: portOf(options["port"], "--port"),
      gatewayHostName: "localhost",
      addresses: [],
      modules: value.map(({ module }) => module),
      routes: scenario?.routes ?? defaultRoutes(value),
      timeToLiveSecs: scenario?.timeToLiveSecs ?? TIME_TO_LIVE_SECS,
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      log: createLog(parseLogLevel(level, "--log-level"), process.stderr),
    });
    try {
      if (plan.scenario === undefined) return await untilStopped(device, invocation, problems);
      const { file } = plan.scenario;
      const verdict = await runScenario({
        scenario: plan.scenario.value,
        device,
        folder: dirname(file),
        clock: { now: () => Date.now(), monotonic: () => performance.now() },
        volumeOf: (name) => (volumes.has(name) ? volumeOf(value, name) : undefined),
        onStep: ({ name, ok, detail }) => progress(`${ok ? "ok  " : "FAIL"} ${name}: ${detail}`),
      });
      return outcomeOf(verdict, problems);
    } finally {
      await device.stop();
    }
  } finally {
    volumes.release();
  }
}

function portOf(value: Invocation["options"][string], flag: string): number {
  return typeof value === "string" ? parsePort(value, flag) : 0;
}

function volumeOf(modules: readonly SimulatedModule[], name: string): string | undefined {
  return modules.find(({ module }) => module.name === name)?.volume;
}

function defaultRoutes(modules: readonly SimulatedModule[]): Readonly<Record<string, RouteSpec>> {
  return Object.assign({}, ...modules.map(({ routes }) => routes)) as Record<string, RouteSpec>;
}

async function untilStopped(
  device: Device,
  { announce, options, signal }: Invocation,
  problems: readonly Problem[],
): Promise<undefined> {
  const control = await serveControl(device, portOf(options["control-port"], "--control-port"));
  const { port } = device.hub;
  announce({
    problems,
    json: {
      url: control.url,
      pid: process.pid,
      mqttPort: port,
      ca: device.caFile,
      modules: device.names,
    },
    text: `the device runs: control at ${control.url}, MQTT over TLS at localhost:${port}, CA in ${device.caFile}, modules ${device.names.join(", ")}`,
  });
  if (!signal.aborted) await once(signal, "abort");
  await control.close();
  return undefined;
}

function outcomeOf({ failedAt, ...verdict }: Verdict, problems: readonly Problem[]): Outcome {
  const { sent, results, distinct, lost, duplicates } = verdict;
  const failed = verdict.steps.find(({ ok }) => !ok);
  const fault: readonly Problem[] =
    failed === undefined
      ? []
      : [
          {
            code: "SIM_SCENARIO_FAILED",
            severity: "error",
            message: `${failed.name}: ${failed.detail}`,
            ...(failedAt !== undefined && { at: failedAt }),
          },
        ];
  return {
    problems: [...problems, ...fault],
    json: { ...verdict },
    text: `${sent} sent, ${results} results, ${distinct} distinct, ${lost} lost, ${duplicates} twice`,
  };
}
