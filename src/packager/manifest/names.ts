/** Which names does a deployment manifest take? Narrower rules than the spec's own. */

import { MODULE_NAME, MODULE_NAME_RULE } from "../../core/module-name.ts";
import type { Problem } from "../../core/problem.ts";
import type { ResolvedModule } from "../../spec/resolved.ts";

/** @source SchemaStore/schemastore: azure-iot-edgeagent-deployment-1.1.json, azure-iot-edgehub-deployment-1.1.json */
const RULES = {
  module: { pattern: MODULE_NAME, takes: MODULE_NAME_RULE },
  env: { pattern: /^[^+#$\s.]+$/u, takes: "no +, #, $, full stop or space" },
  route: { pattern: /^[^.$# ]+$/u, takes: "no full stop, $, # or space" },
} as const;

export function checkNames({ name, env, routes }: ResolvedModule): readonly Problem[] {
  return [
    ...check("module", [name], "edge.module"),
    ...check("env", Object.keys(env), "edge.env"),
    ...check("route", Object.keys(routes), "edge.routes"),
  ];
}

function check(
  kind: keyof typeof RULES,
  names: readonly string[],
  setting: string,
): readonly Problem[] {
  const { pattern, takes } = RULES[kind];
  return names
    .filter((name) => !pattern.test(name))
    .map((name) => ({
      code: "MANIFEST_NAME",
      severity: "error",
      message: `"${name}" in ${setting} is not a name for a deployment manifest; it takes ${takes}.`,
      hint: `Rename it in ${setting}.`,
    }));
}
