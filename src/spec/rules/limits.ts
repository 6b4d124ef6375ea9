/** Are scale and resources of each deployment amounts that can be had? */

import type { Place, Problem } from "../../core/problem.ts";
import type { DeploymentSpec } from "../endpoint.ts";
import { keyOf } from "../text/places.ts";
import {
  CPUS_WORDS,
  isCpus,
  isMemory,
  MEMORY_WORDS,
  parseCpus,
  parseMemory,
} from "../capacity/quantity.ts";
import type { Rule } from "../rule.ts";
import { show, showKey } from "../text/suggest.ts";

export const scaleIsPossible: Rule = (spec, places) =>
  Object.entries(spec.deployments).flatMap(([name, deployment]): readonly Problem[] => {
    const { min_instances: min = 1, max_instances: max } = deployment.scale_settings ?? {};
    const count = deployment.instance_count;
    const at = ["deployments", name, "scale_settings"];
    if (max !== undefined && min > max) {
      return [
        conflict(
          `min_instances is ${min}, must be at most max_instances, which is ${max}`,
          places.value([...at, "min_instances"]),
          "Lower min_instances or raise max_instances.",
        ),
      ];
    }
    if (count === undefined || (count >= min && count <= (max ?? count))) return [];
    return [
      conflict(
        `instance_count is ${count}, must be from min_instances (${min}) to max_instances (${max ?? "any"})`,
        places.value(["deployments", name, "instance_count"]),
        `Set instance_count to ${count < min ? min : (max ?? min)}, for example.`,
      ),
    ];
  });

export const resourceUnits: Rule = (spec, places) => {
  const problems: Problem[] = [];
  for (const [name, { resources }] of Object.entries(spec.deployments)) {
    for (const side of ["requests", "limits"] as const) {
      const at = ["deployments", name, "resources", side];
      problems.push(...checkCpus(resources?.[side]?.cpu, places.value([...at, "cpu"])));
      problems.push(...checkMemory(resources?.[side]?.memory, places.value([...at, "memory"])));
    }
  }
  return problems;
};

/** @source azureml-contract 2.1: requests must be <= limits */
export const requestsWithinLimits: Rule = (spec, places) =>
  Object.entries(spec.deployments).flatMap(([name, { resources }]) =>
    (["cpu", "memory"] as const).flatMap((key): readonly Problem[] => {
      const request = amount(resources?.requests, key);
      const limit = amount(resources?.limits, key);
      if (request === undefined || limit === undefined || request <= limit) return [];
      return [
        conflict(
          `requests.${key} is ${show(resources?.requests?.[key])}, must be at most limits.${key}, which is ${show(resources?.limits?.[key])}`,
          places.value(["deployments", name, "resources", "requests", key]),
          `Lower the request or raise the limit of ${key}.`,
        ),
      ];
    }),
  );

type Amounts = NonNullable<DeploymentSpec["resources"]>["requests"];

function amount(amounts: Amounts, key: "cpu" | "memory"): number | undefined {
  const value = amounts?.[key];
  if (value === undefined) return undefined;
  return key === "cpu" ? parseCpus(value) : parseMemory(value);
}

export function checkCpus(value: string | number | undefined, at: Place): readonly Problem[] {
  if (value === undefined || isCpus(value)) return [];
  return [
    wrong(
      `${showKey(keyOf(at))} is ${show(value)}, must be ${CPUS_WORDS}`,
      at,
      'Write 0.5, 2 or "500m", for example.',
    ),
  ];
}

export function checkMemory(value: string | number | undefined, at: Place): readonly Problem[] {
  if (value === undefined || isMemory(value)) return [];
  const isNumber = /^\d+$/.test(String(value));
  return [
    wrong(
      `${showKey(keyOf(at))} is ${isNumber ? `${value} bytes` : show(value)}, must be ${MEMORY_WORDS}`,
      at,
      `${isNumber ? "Add the unit:" : "Write"} "512Mi" or "1.5Gi", for example.`,
    ),
  ];
}

function wrong(message: string, at: Place, hint: string): Problem {
  return { code: "SPEC_WRONG_VALUE", severity: "error", message, at, hint };
}

function conflict(message: string, at: Place, hint: string): Problem {
  return { code: "SPEC_CONFLICT", severity: "error", message, at, hint };
}
