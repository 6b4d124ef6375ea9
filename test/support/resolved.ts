/** Resolved deployments and endpoints with the defaults of a spec that says nothing. */

import type {
  ResolvedDeployment,
  ResolvedEndpoint,
  ResolvedModule,
} from "../../src/spec/resolved.ts";

export function resolvedDeployment(
  name: string,
  more: Partial<ResolvedDeployment>,
): ResolvedDeployment {
  return {
    name,
    traffic: 0,
    instances: 1,
    scale: { type: "manual", minInstances: 1, maxInstances: more.instances ?? 1 },
    cpus: null,
    memoryBytes: null,
    limitsFrom: "none",
    requestTimeoutMs: 5000,
    maxConcurrentRequestsPerInstance: 1,
    maxQueueWaitMs: 500,
    environmentVariables: {},
    ...more,
  };
}

export function resolvedEndpoint(
  name: string,
  deployments: readonly ResolvedDeployment[],
  module: Partial<ResolvedModule> = {},
): ResolvedEndpoint {
  return {
    format: 1,
    name,
    kind: "online",
    tags: {},
    authMode: "none",
    deployments,
    module: {
      name,
      cpus: null,
      memoryBytes: null,
      platforms: ["linux/amd64"],
      ports: {},
      env: {},
      restartPolicy: "always",
      imagePullPolicy: "on-create",
      routes: {},
      inputs: [],
      outputs: [],
      ...module,
    },
  };
}
