/** What is a rule between fields of a spec? */

import type { Problem } from "../core/problem.ts";
import type { EndpointSpec } from "./endpoint.ts";
import type { Places } from "./text/places.ts";

export type Rule = (spec: EndpointSpec, places: Places) => readonly Problem[];

/** The name in the spec that means the same deployment: names compare without case. */
export function deploymentNamed(spec: EndpointSpec, name: string): string | undefined {
  const lower = name.toLowerCase();
  return Object.keys(spec.deployments).find((key) => key.toLowerCase() === lower);
}
