/** What does the device get told? A base manifest plus our module, its routes and its twin. */

import type { Problem } from "../../core/problem.ts";
import { userError } from "../../core/problem.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import { isObject, mergeJson } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import { moduleEntry, moduleTwin, registryCredentials } from "./module.ts";
import type { ModuleFacts } from "./module.ts";
import { checkNames } from "./names.ts";
import { moduleRoutes } from "./routes.ts";
import { checkTwin } from "./twin-budget.ts";

export type Deployment = {
  /** Pretty, with a newline at its end. */
  readonly text: string;
  readonly problems: readonly Problem[];
};

/** @param base  a whole manifest without our module: `deployment-manifests/base.json` */
export function renderDeployment(
  endpoint: ResolvedEndpoint,
  facts: ModuleFacts,
  base: JsonObject,
): Deployment {
  const { module } = endpoint;
  const agent = desired({
    runtime: { settings: { registryCredentials: registryCredentials(endpoint) } },
    modules: { [module.name]: moduleEntry(endpoint, facts) },
  });
  const hub = desired({ routes: moduleRoutes(module) });
  const manifest = mergeJson(base, {
    modulesContent: {
      $edgeAgent: agent,
      $edgeHub: hub,
      [module.name]: desired(moduleTwin(endpoint)),
    },
  });
  const twins = manifest["modulesContent"];
  if (!isObject(twins)) throw new Error("a deployment manifest has modulesContent");
  const sizes = Object.entries(twins).flatMap(([owner, twin]) =>
    checkTwin(owner, isObject(twin) ? (twin["properties.desired"] ?? null) : null),
  );
  const problems = [...checkNames(module), ...sizes];
  return { text: `${JSON.stringify(manifest, undefined, 2)}\n`, problems };
}

/** @param name  of the file, for the message */
export function parseManifest(text: string, name: string): JsonObject {
  try {
    const json = JSON.parse(text) as Json;
    if (isObject(json)) return json;
  } catch {
    // Said below, as for any other text.
  }
  throw userError("MANIFEST_BASE", `${name} is not a JSON object.`, {
    hint: "Take the file as it came with edgewright.",
  });
}

function desired(properties: JsonObject): JsonObject {
  return { "properties.desired": properties };
}
