/** How does the module stand in `$edgeAgent`, and what may its own twin change later? */

import { BYTECODE_FOLDER } from "../../core/bytecode-folder.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { USER } from "../base/debian/rootfs.ts";
import { createOptions } from "./create-options.ts";
import { mergeJson } from "./json.ts";
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

/** The root is read-only: what a script's first process compiles lies in memory, for the next ones. */
const BYTECODE: JsonObject = {
  HostConfig: {
    Tmpfs: {
      [BYTECODE_FOLDER]: `rw,noexec,nosuid,nodev,size=32m,mode=700,uid=${USER.uid},gid=${USER.gid}`,
    },
  },
};

export function moduleEntry(
  { module, deployments }: ResolvedEndpoint,
  facts: ModuleFacts,
): JsonObject {
  const { env, startupOrder, imagePullPolicy, restartPolicy } = module;
  const scripted = deployments.some(({ script }) => script !== undefined);
  const template = scripted ? mergeJson(facts.template, BYTECODE) : facts.template;
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
      ...createOptionsPieces(createOptions(module, template, facts.env)),
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
