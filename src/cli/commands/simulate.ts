/** `edgewright simulate SPEC|MANIFEST|SCENARIO`: an IoT Edge device on this machine. */

import { once } from "node:events";
import { dirname } from "node:path";

import { hasErrors } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { serveControl } from "../../simulator/control.ts";
import { startDevice } from "../../simulator/device.ts";
import type { Device } from "../../simulator/device.ts";
import { checkNames } from "../../simulator/scenario/check.ts";
import { checkFiles } from "../../simulator/scenario/send-bodies.ts";
import { runScenario } from "../../simulator/scenario/run.ts";
import type { Verdict } from "../../simulator/scenario/run.ts";
import { EXIT } from "../exit-codes.ts";
import type { Command, Invocation, Outcome } from "../command.ts";
import { CONTAINER_GATEWAY, openContainers } from "../simulation/container-modules.ts";
import type { Containers } from "../simulation/container-modules.ts";
import { folderError, openDeviceFolder } from "../simulation/device-folder.ts";
import { showDevice } from "../simulation/device-view.ts";
import { readFlags } from "../simulation/flags.ts";
import type { Flags } from "../simulation/flags.ts";
import { DEVICE_OPTION } from "../given/endpoint.ts";
import { MODEL_OPTIONS } from "../given/models.ts";
import { removeAbandonedFolders } from "../simulation/leftovers.ts";
import { limitVolumes } from "../simulation/limited-volume.ts";
import { createPlainLog } from "../terminal/plain-log.ts";
import { loadModules, processModule } from "../simulation/simulated-modules.ts";
import type { SimulatedModule } from "../simulation/simulated-modules.ts";
import { readPlan } from "../simulation/simulation-plan.ts";
import type { SimulationPlan } from "../simulation/simulation-plan.ts";

/** Templates of deployment manifests have it. */
const TIME_TO_LIVE_SECS = 7200;

export const SIMULATE: Command = {
  name: "simulate",
  usage: "SPEC...|MANIFEST|SCENARIO",
  summary: "an IoT Edge device on this machine: hub, routes, twins, methods; SCENARIO scripts it",
  options: {
    scenario: { type: "string", value: "FILE", summary: "the steps to run, a verdict at the end" },
    containers: {
      type: "boolean",
      summary: "build images and run them in this machine's engine; processes otherwise",
    },
    client: {
      type: "string",
      multiple: true,
      value: "NAME",
      summary: "an identity for another MQTT client, its credentials under --json",
    },
    port: { type: "string", value: "PORT", summary: "of the hub; a free one otherwise" },
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
    view: {
      type: "string",
      value: "MODE",
      summary: "screen (the default on a terminal), plain or none: what the device does, on stderr",
    },
    "module-logs": { type: "boolean", summary: "what the modules say, on stderr" },
    ...MODEL_OPTIONS,
    ...DEVICE_OPTION,
  },
  run: async (invocation) => {
    const flags = readFlags(invocation);
    // From here on a signal ends the device in good order, whatever it is at.
    const { signal } = invocation;
    const plan = readPlan(invocation);
    if (!plan.ok) return { problems: plan.problems };
    const { manifest } = plan.value;
    const inEngine = invocation.options["containers"] === true || manifest !== undefined;
    const folder = await openDeviceFolder(invocation, inEngine ? "containers" : "processes");
    let containers: Containers | undefined;
    try {
      await removeAbandonedFolders();
      if (inEngine) containers = await openContainers(invocation, folder);
      signal.throwIfAborted();
      return await simulate(plan.value, { invocation, flags, folder: folder.path, containers });
    } catch (error) {
      if (!signal.aborted || plan.value.scenario === undefined) throw folderError(folder, error);
      return stoppedOutcome({ ok: false, steps: [] });
    } finally {
      // What is in the engine is found by its folder: that goes last.
      await containers?.release();
      await folder.release();
    }
  },
};

type Stage = {
  readonly invocation: Invocation;
  readonly flags: Flags;
  readonly folder: string;
  readonly containers: Containers | undefined;
};

async function simulate(plan: SimulationPlan, stage: Stage): Promise<Outcome | undefined> {
  const { invocation, flags, folder, containers } = stage;
  // Before an image is built, where the names are known by then.
  const early = plan.specs.flatMap(({ name }) => name ?? []);
  const wrong = [
    ...(early.length > 0 ? namesProblems(plan, early, flags.clients) : []),
    ...filesProblems(plan),
  ];
  if (wrong.length > 0) return { problems: wrong };
  const { modules, problems } = await modulesOf(plan, stage);
  if (hasErrors(problems)) return { problems };
  const stopped = stoppedModules(plan);
  const names = [...modules.map(({ module }) => module.name), ...stopped];
  const late = namesProblems(plan, names, flags.clients);
  if (late.length > 0) return { problems: [...problems, ...late] };
  invocation.signal.throwIfAborted();
  const { value: scenario, file = "" } = plan.scenario ?? {};
  const volumeOf = (name: string): string | undefined =>
    modules.find(({ module }) => module.name === name)?.volume;
  const volumes = limitVolumes(scenario?.volumes ?? {}, volumeOf);
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const { progress } = invocation;
  try {
    const device = await startDevice({
      folder,
      host: containers?.address ?? "127.0.0.1",
      port: flags.port,
      gatewayHostName: containers === undefined ? "localhost" : CONTAINER_GATEWAY,
      addresses: containers === undefined ? [] : [containers.address],
      modules: modules.map(({ module }) => module),
      clients: [...flags.clients, ...stopped],
      routes:
        scenario?.routes ??
        plan.manifest?.routes ??
        Object.assign({}, ...modules.map(({ routes }) => routes)),
      timeToLiveSecs:
        scenario?.timeToLiveSecs ?? plan.manifest?.timeToLiveSecs ?? TIME_TO_LIVE_SECS,
      clock,
      signal: invocation.signal,
      log: createPlainLog(flags.level, writeLine),
    });
    try {
      if (scenario === undefined) return await untilStopped(device, stage, problems);
      const verdict = await runScenario({
        scenario,
        device,
        folder: dirname(file),
        clock,
        volumeOf: (name) => (volumes.has(name) ? volumeOf(name) : undefined),
        signal: invocation.signal,
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

function filesProblems({ scenario }: SimulationPlan): readonly Problem[] {
  return scenario === undefined ? [] : checkFiles(scenario.value.steps, dirname(scenario.file));
}

/** They have an identity, and nothing runs. */
function stoppedModules({ manifest }: SimulationPlan): readonly string[] {
  const modules = Object.entries(manifest?.modules ?? {});
  return modules.flatMap(([name, { running }]) => (running ? [] : [name]));
}

function namesProblems(
  { scenario }: SimulationPlan,
  modules: readonly string[],
  clients: readonly string[],
): readonly Problem[] {
  const twice = clients.filter((name) => modules.includes(name));
  const clashes = twice.map((name): Problem => ({
    code: "SIM_MODULE",
    severity: "error",
    message: `--client is '${name}', which is a module of the device`,
    hint: "Give the client a name of its own.",
  }));
  if (scenario === undefined) return clashes;
  const { steps, volumes = {} } = scenario.value;
  return [...clashes, ...checkNames(steps, Object.keys(volumes), [...modules, ...clients])];
}

async function modulesOf(
  plan: SimulationPlan,
  { invocation, folder, containers }: Stage,
): Promise<{ modules: readonly SimulatedModule[]; problems: readonly Problem[] }> {
  const shown = invocation.options["module-logs"] === true;
  const onLine = (module: string, line: string): void => {
    if (shown) writeLine(`${module}: ${line}`);
  };
  if (plan.manifest !== undefined) {
    const modules = await containers?.fromManifest(plan.manifest, onLine);
    return { modules: modules ?? [], problems: [] };
  }
  const make = containers?.make ?? processModule;
  const read = await loadModules(plan.specs, { invocation, folder, onLine, make });
  return { modules: read.ok ? read.value : [], problems: read.problems };
}

function writeLine(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function untilStopped(
  device: Device,
  { invocation: { announce, signal }, flags }: Stage,
  problems: readonly Problem[],
): Promise<undefined> {
  const control = await serveControl(device, flags.controlPort);
  const { port } = device.hub;
  const clients = flags.clients.map((name) => [name, device.credentialsOf(name)]);
  const { names: modules, caFile: ca } = device;
  announce({
    problems,
    json: {
      url: control.url,
      pid: process.pid,
      mqttPort: port,
      ca,
      modules,
      clients: Object.fromEntries(clients) as Record<string, unknown>,
    },
    text: `the device runs: control at ${control.url}, MQTT over TLS at port ${port}, its CA in ${ca}, modules ${modules.join(", ")}`,
  });
  const view = showDevice(device, flags.view, (text) => process.stderr.write(text));
  if (!signal.aborted) await once(signal, "abort");
  view.end();
  await control.close();
  return undefined;
}

function stoppedOutcome(json: NonNullable<Outcome["json"]>): Outcome {
  const problem: Problem = {
    code: "SIM_STOPPED",
    severity: "error",
    message: "the scenario was stopped before its end",
    hint: "Let it run to its end for a verdict.",
  };
  return { problems: [problem], json, exitCode: EXIT.stopped };
}

function outcomeOf({ failedAt, ...verdict }: Verdict, problems: readonly Problem[]): Outcome {
  if (verdict.stopped === true) return stoppedOutcome({ ...verdict });
  const { sent, results, distinct, lost, duplicates } = verdict;
  const failed = verdict.steps
    .filter(({ ok }) => !ok)
    .map(({ name, detail }): Problem => {
      const fault = { code: "SIM_SCENARIO_FAILED", severity: "error" } as const;
      const message = `${name}: ${detail}`;
      const hint = "Run it with --module-logs to see what the modules say.";
      return { ...fault, message, hint, ...(failedAt !== undefined && { at: failedAt }) };
    });
  return {
    problems: [...problems, ...failed],
    json: { ...verdict },
    text: `${sent} sent, ${results} results, ${distinct} distinct, ${lost} lost, ${duplicates} twice`,
  };
}
