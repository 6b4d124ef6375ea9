/** Are the values of the `edge` block ones that a module and its device can have? */

import { isAbsolute } from "node:path/posix";
import type { Problem } from "../../core/problem.ts";
import { parseCpus, parseMemory } from "../capacity/quantity.ts";
import type { Rule } from "../rule.ts";
import { show } from "../text/suggest.ts";
import { checkCpus, checkMemory } from "./limits.ts";

/** A module name that is an image repository too. @source opencontainers/distribution-spec: spec.md, Pulling manifests */
const MODULE_NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const MAX_MODULE_NAME = 128;
/** @source moby/moby: volume/names */
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
/** Names of inputs and outputs are parts of routes. */
const ENDPOINT_NAME = /^[A-Za-z0-9_-]+$/;

export const edgeNames: Rule = ({ edge }, places) => {
  const problems: Problem[] = [];
  const name = edge?.module;
  if (name !== undefined && !(MODULE_NAME.test(name) && name.length <= MAX_MODULE_NAME)) {
    problems.push({
      code: "SPEC_NAME",
      severity: "error",
      message: `module name ${show(name)} is not legal, must have lower-case letters and digits with single . _ or hyphens between them`,
      at: places.value(["edge", "module"]),
      hint: `Write ${proposeModule(name)}, for example.`,
    });
  }
  const volume = edge?.volume?.name;
  if (volume !== undefined && !VOLUME_NAME.test(volume)) {
    problems.push({
      code: "SPEC_NAME",
      severity: "error",
      message: `volume name ${show(volume)} is not legal, must have letters, digits, _ . and hyphens, a letter or digit first`,
      at: places.value(["edge", "volume", "name"]),
      hint: "Write edgewright-data, for example.",
    });
  }
  for (const side of ["inputs", "outputs"] as const) {
    for (const [index, text] of (edge?.[side] ?? []).entries()) {
      if (ENDPOINT_NAME.test(text)) continue;
      problems.push({
        code: "SPEC_NAME",
        severity: "error",
        message: `${show(text)} is no legal name in ${side}, must have letters, digits, _ and hyphens`,
        at: places.value(["edge", side, index]),
        hint: side === "inputs" ? "Write amlInput, for example." : "Write amlOutput, for example.",
      });
    }
  }
  return problems;
};

function proposeModule(name: string): string {
  const legal = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return legal === "" ? "scoring" : legal.slice(0, MAX_MODULE_NAME).replace(/-+$/, "");
}

export const deviceUnits: Rule = ({ edge }, places) => {
  const device = edge?.device;
  if (device === undefined) return [];
  const at = (...path: readonly string[]) => places.value(["edge", "device", ...path]);
  const problems = [
    ...checkCpus(device.cpus, at("cpus")),
    ...checkMemory(device.memory, at("memory")),
    ...checkReserve(
      device.reserve?.cpus,
      (value) => parseCpus(value),
      () => at("reserve", "cpus"),
    ),
    ...checkReserve(
      device.reserve?.memory,
      (value) => parseMemory(value),
      () => at("reserve", "memory"),
    ),
  ];
  return problems;
};

/** Nothing may be kept back, so 0 is fine here. */
function checkReserve(
  value: string | number | undefined,
  parse: (value: string | number) => number | undefined,
  at: () => NonNullable<Problem["at"]>,
): readonly Problem[] {
  if (value === undefined || Number(value) === 0 || parse(value) !== undefined) return [];
  return [
    {
      code: "SPEC_WRONG_VALUE",
      severity: "error",
      message: `the reserve is ${show(value)}, must be an amount of at least 0`,
      at: at(),
      hint: 'Write 0.25 for CPUs or "512Mi" for memory, for example.',
    },
  ];
}

export const portsAreNumbers: Rule = ({ edge }, places) =>
  Object.keys(edge?.ports ?? {})
    .filter((host) => !/^[1-9]\d{0,4}$/.test(host) || Number(host) > 65535)
    .map((host): Problem => ({
      code: "SPEC_WRONG_VALUE",
      severity: "error",
      message: `host port ${show(host)} is not possible, must be from 1 to 65535`,
      at: places.key(["edge", "ports", host]),
      hint: "Write `8080: 5001`, for example: the host's port, then the module's.",
    }));

export const volumeIsAbsolute: Rule = ({ edge }, places) => {
  const path = edge?.volume?.path;
  if (path === undefined || (isAbsolute(path) && path !== "/")) return [];
  return [
    {
      code: "SPEC_WRONG_VALUE",
      severity: "error",
      message: `volume path ${show(path)} is not possible, must be absolute and not the root`,
      at: places.value(["edge", "volume", "path"]),
      hint: "Write /var/lib/edgewright, for example.",
    },
  ];
};

export const outboxUnits: Rule = ({ edge }, places) =>
  checkMemory(edge?.outbox?.max_bytes, places.value(["edge", "outbox", "max_bytes"]));
