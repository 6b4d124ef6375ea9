/** Are the names of the endpoint and its deployments legal, and do they differ? */

import type { Problem } from "../../core/problem.ts";
import type { Rule } from "../rule.ts";
import { show } from "../text/suggest.ts";

/** @source azureml-contract 1.2 */
const NAME = /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const MIN_LENGTH = 3;
const MAX_LENGTH = 32;

export const endpointName: Rule = (spec, places) =>
  isLegalName(spec.name) ? [] : [nameProblem("endpoint", spec.name, places.value(["name"]))];

export const deploymentNames: Rule = (spec, places) =>
  Object.keys(spec.deployments)
    .filter((name) => !isLegalName(name))
    .map((name) => nameProblem("deployment", name, places.key(["deployments", name])));

export function isLegalName(name: string): boolean {
  return name.length >= MIN_LENGTH && name.length <= MAX_LENGTH && NAME.test(name);
}

/** A legal name that looks like `name`. */
export function proposeName(name: string, what: string): string {
  const legal = name
    .replaceAll(/[^a-zA-Z0-9]+/g, "-")
    .replace(/^[^a-zA-Z]+/, "")
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, "");
  if (legal === "") return what;
  return legal.length < MIN_LENGTH ? `${what}-${legal}` : legal;
}

function nameProblem(what: string, name: string, at: Problem["at"] & object): Problem {
  return {
    code: "SPEC_NAME",
    severity: "error",
    message: `${what} name ${show(name)} is not legal, must have ${MIN_LENGTH} to ${MAX_LENGTH} letters, digits and hyphens, a letter first and no hyphen last`,
    at,
    hint: `Write ${proposeName(name, what)}, for example.`,
  };
}
