/** Everything a deployment refers to, looked up; the faults of all its references together. */

import type { Problem } from "../../core/problem.ts";
import type { DeploymentSpec } from "../endpoint.ts";
import type { Places } from "../text/places.ts";
import type { ResolvedEnvironment, ResolvedModel, ResolvedScript } from "../resolved.ts";
import { resolveEnvironment } from "./environments.ts";
import type { LookupContext } from "./lookup.ts";
import { resolveModel } from "./models.ts";
import { resolveScript } from "./scripts.ts";
import { resolveSku } from "./skus.ts";
import type { Sku } from "./skus.ts";

export type References = {
  readonly model?: ResolvedModel;
  readonly script?: ResolvedScript;
  readonly environment?: ResolvedEnvironment;
  readonly sku?: Sku;
};

export type LookedUp = { readonly references: References; readonly problems: readonly Problem[] };

export async function lookUpReferences(
  deployment: { readonly name: string; readonly spec: DeploymentSpec },
  places: Places,
  context: LookupContext,
): Promise<LookedUp> {
  const { name, spec } = deployment;
  const at = (...path: readonly string[]) => places.value(["deployments", name, ...path]);
  const problems: Problem[] = [];
  /** Keeps the fault, or gives what was found. */
  const keep = <T extends object>(found: T | Problem): T | undefined => {
    if (!("severity" in found)) return found;
    problems.push(found);
    return undefined;
  };
  let references: References = {};
  const code = spec.code_configuration;
  if (spec.model !== undefined) {
    const question = {
      deployment: name,
      model: spec.model,
      hasScript: code !== undefined,
      at: typeof spec.model === "string" ? at("model") : at("model", "path"),
    };
    const model = keep(await resolveModel(question, context));
    if (model !== undefined) references = { ...references, model };
  }
  if (code !== undefined) {
    const where = {
      code: at("code_configuration", "code"),
      script: at("code_configuration", "scoring_script"),
    };
    const script = keep(await resolveScript(code, where, context));
    if (script !== undefined) references = { ...references, script };
  }
  if (spec.environment !== undefined) {
    const found = await resolveEnvironment(
      spec.environment,
      at("environment", "conda_file"),
      context,
    );
    problems.push(...found.problems);
    if (found.ok) references = { ...references, environment: found.value };
  }
  if (spec.instance_type !== undefined) {
    const found = resolveSku(spec.instance_type, at("instance_type"));
    problems.push(...found.problems);
    if (found.ok) references = { ...references, sku: found.value };
  }
  return { references, problems };
}
