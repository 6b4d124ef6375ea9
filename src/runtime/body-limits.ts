/** Which limit has a request's body, by the deployment that it is for? */

import { bodyLimitBytes } from "../core/body-limit.ts";
import type { ResolvedDeployment } from "../spec/resolved.ts";

export type BodyLimits = (deployment: string | undefined) => number;

/** @param traffic the share of each deployment now: one that gets none decides for nobody else */
export function createBodyLimits(
  deployments: readonly ResolvedDeployment[],
  traffic: () => Readonly<Record<string, number>>,
): BodyLimits {
  const byName = new Map(
    deployments.map((deployment) => [deployment.name.toLowerCase(), bodyLimitBytes(deployment)]),
  );
  const smallest = Math.min(...byName.values());
  const limitOf = (shares: Readonly<Record<string, number>>): number => {
    const live = Object.entries(shares).flatMap(([name, share]) =>
      share > 0 ? [byName.get(name.toLowerCase()) ?? smallest] : [],
    );
    return live.length === 0 ? smallest : Math.min(...live);
  };
  // Each request asks, and the shares hardly ever change.
  let known: Readonly<Record<string, number>> = {};
  let limit = limitOf(known);
  return (deployment) => {
    if (deployment !== undefined) return byName.get(deployment.toLowerCase()) ?? smallest;
    const shares = traffic();
    if (shares !== known) {
      known = shares;
      limit = limitOf(shares);
    }
    return limit;
  };
}
