/** Is there something to serve, and does every deployment fit the kind of its endpoint? */

import type { Problem } from "../../core/problem.ts";
import type { EndpointSpec } from "../endpoint.ts";
import { deploymentNamed } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { show, showKey } from "../text/suggest.ts";
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

/** What no process can have in its environment. */
const ENVIRONMENT_NAME = /^[^=\0]+$/;

export const environmentNames: Rule = (spec, places) =>
  environments(spec).flatMap(({ variables, path }) =>
    Object.keys(variables ?? {})
      .filter((name) => !ENVIRONMENT_NAME.test(name))
      .map((name): Problem => ({
        code: "SPEC_NAME",
        severity: "error",
        message: `${show(name)} cannot name an environment variable, must be text without =`,
        at: places.key([...path, name]),
        hint: "Write the name as the key and the value behind the colon.",
      })),
  );

/** Every mapping of environment variables, and where it stands. */
function environments(spec: EndpointSpec) {
  return [
    { variables: spec.edge?.env, path: ["edge", "env"] },
    ...Object.entries(spec.deployments).map(([name, deployment]) => ({
      variables: deployment.environment_variables,
      path: ["deployments", name, "environment_variables"],
    })),
  ];
}

/** A process cannot be given one. */
export const environmentValues: Rule = (spec, places) =>
  environments(spec).flatMap(({ variables, path }) =>
    Object.entries(variables ?? {})
      .filter(([, value]) => value.includes("\0"))
      .map(([name, value]): Problem => ({
        code: "SPEC_WRONG_VALUE",
        severity: "error",
        message: `${showKey(name)} is ${show(value)}, must be text without a NUL character`,
        at: places.value([...path, name]),
        hint: "Remove the \\0, or write the value in base64.",
      })),
  );

export const defaultDeploymentExists: Rule = (spec, places) => {
  const name = spec.defaults?.deployment_name;
  if (name === undefined || deploymentNamed(spec, name) !== undefined) return [];
  return [unknownDeployment(spec, name, places.value(["defaults", "deployment_name"]))];
};
