/** Resolved endpoints around model files, as the spec would give them. */

import { inspectModel } from "../../src/model/inspect.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../src/spec/resolved.ts";
import { resolvedDeployment, resolvedEndpoint } from "./resolved.ts";

export type TestDeployment = {
  readonly path: string;
  readonly traffic?: number;
  readonly instances?: number;
  readonly settings?: Partial<
    Pick<
      ResolvedDeployment,
      "requestTimeoutMs" | "maxQueueWaitMs" | "maxConcurrentRequestsPerInstance"
    >
  >;
};

/** Deployments by name; traffic 100 for a single one unless said otherwise. */
export async function endpointOf(
  deployments: Readonly<Record<string, TestDeployment>>,
): Promise<ResolvedEndpoint> {
  const resolved: ResolvedDeployment[] = [];
  for (const [name, { path, traffic = 100, instances = 1, settings }] of Object.entries(
    deployments,
  )) {
    const { inspection } = await inspectModel(path);
    if (inspection === undefined) throw new Error(`${path} is no model`);
    const model = { name, version: "1", path, signature: inspection.signature };
    resolved.push(resolvedDeployment(name, { traffic, instances, ...settings, model }));
  }
  return resolvedEndpoint("test", resolved);
}
