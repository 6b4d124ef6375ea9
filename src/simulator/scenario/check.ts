/**
 * Which steps of a scenario could never fail, or never run? They are told before the first one: an
 * expectation that asks for nothing would pass whatever happens.
 */

import type { Place, Problem } from "../../core/problem.ts";
import { nearest } from "../../spec/text/suggest.ts";
import { RouteFault } from "../routes/lexer.ts";
import { parseCondition } from "../routes/route.ts";
import { readRoutes } from "../routes/route-table.ts";
import type { Step } from "./schema.ts";

export type PlacedStep = { readonly step: Step; readonly at: Place };
type Value<V extends Step["verb"]> = Extract<Step, { verb: V }>["value"];
type Report = (message: string, hint: string) => void;

/** What each step says by itself and of the steps before it. */
export function checkSteps(steps: readonly PlacedStep[]): readonly Problem[] {
  const problems: Problem[] = [];
  const sends: string[] = [];
  for (const { step, at } of steps) {
    const report: Report = (message, hint) =>
      void problems.push({ code: "SIM_SCENARIO", severity: "error", message, at, hint });
    if (step.verb === "send") checkSend(step.value, sends, report);
    else if (step.verb === "expect") checkExpect(step.value, sends, report);
    else if (step.verb === "set routes" && step.value.expect === undefined) {
      const read = readRoutes(step.value.routes);
      problems.push(...read.problems.map((problem) => ({ ...problem, at })));
    }
  }
  return problems;
}

function checkSend({ to, input, file, body, as }: Value<"send">, sends: string[], report: Report) {
  if (file !== undefined && body !== undefined) {
    report("send has a file and a body", "Leave one of them out.");
  }
  if (file === undefined && body === undefined) {
    report("send has neither a file nor a body", "Give body: JSON, or file: with a body a line.");
  }
  if (input !== undefined && to === undefined) {
    report(`send names the input '${input}' of no module`, "Say with to: whose input it is.");
  }
  const name = as ?? `send-${sends.length + 1}`;
  if (sends.includes(name)) report(`two sends are called '${name}'`, "Give one another name.");
  sends.push(name);
}

const FILTERS = ["distinct", "of", "output", "properties", "where"] as const;
const SUBJECTS = "upstream, reported, connected or sent";

function checkExpect(value: Value<"expect">, sends: readonly string[], report: Report): void {
  const { upstream, reported, connected, sent, module, of, where } = value;
  const lonely = FILTERS.find((filter) => value[filter] !== undefined);
  if (lonely !== undefined && upstream === undefined) {
    report(`expect has ${lonely} and no upstream`, "Say with upstream: how many there must be.");
  } else if (module !== undefined && upstream === undefined && reported === undefined) {
    report("expect has module and neither upstream nor reported", "Say what of it must come.");
  } else if ([upstream, reported, connected, sent].every((subject) => subject === undefined)) {
    report("expect asks for nothing", `Say what must come: ${SUBJECTS}.`);
  }
  if (typeof upstream === "object") {
    const { min, max } = upstream;
    if (min === undefined && max === undefined) {
      report("expect.upstream has neither min nor max", "Give one of them, or a number.");
    } else if (min !== undefined && max !== undefined && min > max) {
      report(`expect.upstream is from ${min} to ${max}`, "Let min be no more than max.");
    }
  }
  if (reported !== undefined && Object.keys(reported).length === 0) {
    report("expect.reported names no property", "Give a dotted path and its value.");
  }
  for (const [key, name] of [
    ["of", of],
    ["sent", sent],
  ] as const) {
    if (name === undefined || sends.includes(name)) continue;
    report(`expect.${key} is '${name}', no send before it is called so`, meant(name, sends));
  }
  if (where !== undefined) checkCondition(where, report);
}

function checkCondition(where: string, report: Report): void {
  try {
    parseCondition(where);
  } catch (error) {
    if (!(error instanceof RouteFault)) throw error;
    report(
      `expect.where, at character ${error.at + 1}: ${error.message}`,
      "Write a condition of the route language, like $body.score > 0.8.",
    );
  }
}

/** Steps and volumes of modules that the device does not have. */
export function checkNames(
  steps: readonly PlacedStep[],
  volumes: readonly string[],
  names: readonly string[],
): readonly Problem[] {
  const problems: Problem[] = [];
  const check = (module: string | undefined, what: string, at?: Place): void => {
    if (module === undefined || names.includes(module)) return;
    const message = `${what} is '${module}', the device has no such module`;
    const problem = { code: "SIM_SCENARIO", severity: "error", message } as const;
    problems.push({ ...problem, ...(at && { at }), hint: meant(module, names) });
  };
  for (const volume of volumes) check(volume, "a key of volumes");
  for (const { step, at } of steps) {
    const { verb, value } = step;
    if (verb === "kill module") check(value, verb, at);
    if (typeof value !== "object") continue;
    for (const key of ["module", "to", "connected"] as const) {
      check((value as Readonly<Record<string, string | undefined>>)[key], `${verb}.${key}`, at);
    }
    if (verb !== "fill disk" || volumes.includes(value.module)) continue;
    problems.push({
      code: "SIM_SCENARIO",
      severity: "error",
      message: `fill disk: the volume of '${value.module}' has no size`,
      at,
      hint: `Give it one at the head of the scenario: volumes: { ${value.module}: BYTES }.`,
    });
  }
  return problems;
}

function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near !== undefined) return `Did you mean ${near}?`;
  return known.length === 0 ? "Put it before this step." : `There is ${known.join(", ")}.`;
}
