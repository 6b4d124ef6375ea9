/** How does the module stand in `$edgeAgent`, and what may its own twin change later? */

import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { createOptions } from "./create-options.ts";
import type { Json, JsonObject } from "./json.ts";
import { createOptionsPieces } from "./twin-pieces.ts";

export type ModuleFacts = {
  /** `repository:tag` */
  readonly image: string;
  /** A new one makes edgeAgent create the container anew. */
  readonly version: string;
  readonly template: JsonObject;
  /** Variables that are no part of the image; they must not be secret. */
  readonly env?: Readonly<Record<string, string>>;
};

export function moduleEntry({ module }: ResolvedEndpoint, facts: ModuleFacts): JsonObject {
  const { env, startupOrder, imagePullPolicy, restartPolicy } = module;
  const variables = Object.entries(env).map(([name, value]) => [name, { value }]);
  return {
    version: facts.version,
    type: "docker",
    status: "running",
    restartPolicy,
    imagePullPolicy,
    ...(startupOrder === undefined ? {} : { startupOrder }),
    ...(variables.length === 0 ? {} : { env: Object.fromEntries(variables) as JsonObject }),
    settings: {
      image: facts.image,
      ...createOptionsPieces(createOptions(module, facts.template, facts.env)),
    },
  };
}

/** Only what takes effect without a new image. */
export function moduleTwin(endpoint: ResolvedEndpoint): JsonObject {
  const { deployments, mirror, kind } = endpoint;
  const settings = commonSettings(deployments);
  const online: Record<string, Json> = {
    traffic: Object.fromEntries(deployments.map(({ name, traffic }) => [name, traffic])),
    ...(mirror === undefined ? {} : { mirrorTraffic: { [mirror.deployment]: mirror.percent } }),
    ...(settings === undefined ? {} : { requestSettings: settings }),
  };
  return { ...(kind === "online" ? online : {}), logLevel: "info" };
}

/** The twin has one set for all deployments: where theirs differ, each keeps its own. */
function commonSettings(deployments: readonly ResolvedDeployment[]): JsonObject | undefined {
  const [first, ...others] = deployments.map((deployment) => ({
    requestTimeoutMs: deployment.requestTimeoutMs,
    maxConcurrentRequestsPerInstance: deployment.maxConcurrentRequestsPerInstance,
    maxQueueWaitMs: deployment.maxQueueWaitMs,
  }));
  const equal = others.every((settings) => JSON.stringify(settings) === JSON.stringify(first));
  return equal ? first : undefined;
}

/** Credentials by the names of variables: a manifest never holds a secret. */
export function registryCredentials({ module }: ResolvedEndpoint): JsonObject {
  if (module.registry === undefined) return {};
  const { address, usernameEnv, passwordEnv } = module.registry;
  return {
    [module.name]: {
      address,
      username: `\${${usernameEnv}}`,
      password: `\${${passwordEnv}}`,
    },
  };
}
