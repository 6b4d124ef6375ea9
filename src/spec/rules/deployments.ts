/** Is there something to serve, and does every deployment fit the kind of its endpoint? */

import type { Problem } from "../../core/problem.ts";
import { deploymentNamed } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { unknownDeployment } from "./traffic.ts";

export const deploymentsExist: Rule = (spec, places) =>
  Object.keys(spec.deployments).length > 0
    ? []
    : [
        {
          code: "SPEC_WRONG_VALUE",
          severity: "error",
          message: "`deployments` is empty, must hold at least one deployment",
          at: places.value(["deployments"]),
          hint: "Add `blue:` with a model.",
        },
      ];

export const modelOrScript: Rule = (spec, places) =>
  Object.entries(spec.deployments)
    .filter(([, { model, code_configuration: code }]) => model === undefined && code === undefined)
    .map(([name]): Problem => ({
      code: "SPEC_MISSING_KEY",
      severity: "error",
      message: `deployment ${name} has neither a model nor a scoring script, must have one`,
      at: places.absent(["deployments", name, "model"]),
      hint: "Add `model:` with a reference, or with the path of an ONNX file.",
    }));

export const batchStaysBatch: Rule = (spec, places) => {
  if (spec.type === "batch") return [];
  return Object.entries(spec.deployments).flatMap(([name, { settings }]): readonly Problem[] =>
    settings === undefined
      ? []
      : [
          {
            code: "SPEC_CONFLICT",
            severity: "error",
            message: "`settings` belong to batch deployments, this endpoint is online",
            at: places.key(["deployments", name, "settings"]),
            hint: "Write `type: batch` on the endpoint, or remove the settings.",
          },
        ],
  );
};

export const defaultDeploymentExists: Rule = (spec, places) => {
  const name = spec.defaults?.deployment_name;
  if (name === undefined || deploymentNamed(spec, name) !== undefined) return [];
  return [unknownDeployment(spec, name, places.value(["defaults", "deployment_name"]))];
};
