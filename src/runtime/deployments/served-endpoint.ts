/** All deployments of an endpoint behind one router, and what is known of them together. */

import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import type { V2Options } from "../fronts/v2/v2.ts";
import { createRouter } from "../routing/router.ts";
import type { Router, Traffic } from "../routing/router.ts";
import { createServing } from "./serving.ts";
import type { Serving, ServingOptions, ServingStats } from "./serving.ts";
import { runtimeVersion } from "../version.ts";
import { faultResponse } from "../wire/fault.ts";

export type ServedEndpoint = {
  readonly router: Router;
  readonly servings: readonly Serving[];
  readonly v2: V2Options;
  /** Loads every deployment. @throws Error when one cannot be served */
  readonly start: () => Promise<void>;
  /** Whether every deployment can score. */
  readonly ready: () => boolean;
  /** Deployments with what their scripts say of themselves. */
  readonly described: readonly (ResolvedDeployment & Pick<Serving, "describe">)[];
  /** Loads a deployment's script again. */
  readonly reload: (deployment: string) => void;
  readonly stats: () => {
    readonly traffic: Traffic;
    readonly deployments: readonly ServingStats[];
  };
};

export function createServedEndpoint(options: ServingOptions): ServedEndpoint {
  const { endpoint } = options;
  const servings = endpoint.deployments.map((deployment) => createServing(deployment, options));
  const router = createRouter({
    deployments: Object.fromEntries(servings.map(({ name, door }) => [name, door])),
    traffic: Object.fromEntries(endpoint.deployments.map(({ name, traffic }) => [name, traffic])),
    ...(endpoint.mirror && { mirror: endpoint.mirror }),
    onMirrored: options.metrics.observeMirrored,
    refuse: (message) => faultResponse("ROUTE_DEPLOYMENT", message),
  });
  let started = false;
  return {
    router,
    servings,
    v2: v2Options(endpoint, servings),
    described: endpoint.deployments.map((deployment, index) => {
      const describe = servings[index]?.describe;
      return describe === undefined ? deployment : { ...deployment, describe };
    }),
    reload: (deployment) => servings.find(({ name }) => name === deployment)?.reload?.(),
    start: async () => {
      await Promise.all(servings.map(({ backend }) => backend.start()));
      started = true;
    },
    ready: () => started && servings.every(({ backend }) => backend.ready()),
    stats: () => ({
      traffic: router.traffic(),
      deployments: servings.map((serving) => serving.stats()),
    }),
  };
}

/** The deployment with the most traffic speaks for the endpoint. */
function v2Options(
  { name, deployments }: ResolvedEndpoint,
  servings: readonly Serving[],
): V2Options {
  const byTraffic = deployments.toSorted((a, b) => b.traffic - a.traffic);
  const described = byTraffic.map(({ name: deployment, model }) => {
    const serving = servings.find((known) => known.name === deployment);
    const signature = model?.signature;
    return {
      name: deployment,
      version: model?.version ?? "1",
      ...(signature && { signature }),
      ready: () => serving?.backend.ready() ?? false,
    };
  });
  return { endpoint: name, serverVersion: runtimeVersion(), deployments: described };
}
