/** Which limit has a request's body, by the deployment that it is for, and which have all together? */

import { bodyLimitBytes, bodyRoomBytes } from "../../core/limits/body-limit.ts";
import type { ResolvedDeployment } from "../../spec/resolved.ts";
import type { BodyLimits } from "../fronts/requests/body.ts";

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
  const each = (deployment: string | undefined): number => {
    if (deployment !== undefined) return byName.get(deployment.toLowerCase()) ?? smallest;
    const shares = traffic();
    if (shares !== known) {
      known = shares;
      limit = limitOf(shares);
    }
    return limit;
  };
  return { each, together: bodyRoomBytes(deployments) };
}
