/** Resolved endpoints for tests of the packager. */

import type {
  ResolvedDeployment,
  ResolvedEndpoint,
  ResolvedModule,
} from "../../../src/spec/resolved.ts";

export function deployment(over: Partial<ResolvedDeployment> = {}): ResolvedDeployment {
  return {
    name: "blue",
    traffic: 100,
    instances: 1,
    scale: { type: "manual", minInstances: 1, maxInstances: 1 },
    cpus: 0.5,
    memoryBytes: 268_435_456,
    limitsFrom: "resources",
    requestTimeoutMs: 3000,
    maxConcurrentRequestsPerInstance: 1,
    maxQueueWaitMs: 500,
    environmentVariables: {},
    ...over,
  };
}

export function moduleOf(over: Partial<ResolvedModule> = {}): ResolvedModule {
  return {
    name: "pump-monitor",
    cpus: 0.5,
    memoryBytes: 268_435_456,
    platforms: ["linux/amd64", "linux/arm64"],
    ports: {},
    env: {},
    restartPolicy: "always",
    imagePullPolicy: "on-create",
    routes: {},
    inputs: ["amlInput"],
    outputs: ["amlOutput"],
    ...over,
  };
}

export function endpoint(over: Partial<ResolvedEndpoint> = {}): ResolvedEndpoint {
  return {
    format: 1,
    name: "Pump-Monitor",
    kind: "online",
    tags: {},
    authMode: "none",
    deployments: [deployment()],
    module: moduleOf(),
    ...over,
  };
}
