/** What is to be simulated? A file with `steps` or `modules` is a scenario, one with `modulesContent` a manifest. */

import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

import type { Problem, Read } from "../../core/problem.ts";
import { parseScenario } from "../../simulator/scenario/parse.ts";
import type { Scenario } from "../../simulator/scenario/parse.ts";
import { parseSpecText } from "../../spec/text/source.ts";
import { entryOf } from "../../spec/text/tree.ts";
import { UsageError } from "../command.ts";
import type { Invocation } from "../command.ts";
import { readManifest } from "./deployment-manifest.ts";
import type { DeviceManifest } from "./deployment-manifest.ts";
import type { SpecModule } from "./simulated-modules.ts";

export type SimulationPlan = {
  readonly specs: readonly SpecModule[];
  readonly manifest?: DeviceManifest;
  readonly scenario?: { readonly value: Scenario; readonly file: string };
};

export function readPlan({ args, cwd, options }: Invocation): Read<SimulationPlan> {
  const named = typeof options["scenario"] === "string" ? options["scenario"] : undefined;
  const [first] = args;
  const text = first === undefined ? "" : textOf(resolve(cwd, first));
  if (named === undefined && args.length === 1 && first !== undefined && isScenario(text, first)) {
    return withScenario(first, cwd, undefined);
  }
  if (args.length === 0 && named === undefined) {
    throw new UsageError("a SPEC, a MANIFEST or a SCENARIO is missing");
  }
  const target = targetOf(args, text, cwd);
  if (!target.ok || named === undefined) return target;
  return withScenario(named, cwd, args.length === 0 ? undefined : target.value);
}

function targetOf(args: readonly string[], text: string, cwd: string): Read<SimulationPlan> {
  const [first] = args;
  if (args.length === 1 && first !== undefined && /"modulesContent"\s*:/.test(text)) {
    const manifest = readManifest(first, cwd);
    return manifest.ok
      ? { ok: true, value: { specs: [], manifest: manifest.value }, problems: [] }
      : manifest;
  }
  return { ok: true, value: { specs: [{ specs: args }] }, problems: [] };
}

/** The modules of the scenario, unless they are given. */
function withScenario(
  file: string,
  cwd: string,
  target: SimulationPlan | undefined,
): Read<SimulationPlan> {
  const path = resolve(cwd, file);
  const read = readScenario(path, file);
  if (!read.ok) return read;
  const modules = Object.entries(read.value.modules).map(([name, spec]) => ({
    name,
    specs: [relative(cwd, resolve(dirname(path), spec))],
  }));
  const scenario = { value: read.value, file: path };
  return { ok: true, value: { ...(target ?? { specs: modules }), scenario }, problems: [] };
}

function readScenario(path: string, file: string): Read<Scenario> {
  try {
    return parseScenario(readFileSync(path, "utf8"), file);
  } catch (error) {
    const message = `${file} cannot be read: ${(error as Error).message}`;
    const problem: Problem = { code: "SIM_SCENARIO", severity: "error", message };
    return { ok: false, problems: [problem] };
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A folder, or nothing: whoever reads the spec says so.
    return "";
  }
}

/** One that has forgotten its steps is told so, and not read as the spec of an endpoint. */
function isScenario(text: string, file: string): boolean {
  const read = parseSpecText(text, file);
  // What cannot be read at all is told in the same words whatever it was to be.
  const [node] = read.ok ? read.value : [];
  return entryOf(node, "steps") !== undefined || entryOf(node, "modules") !== undefined;
}
