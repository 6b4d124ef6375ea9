/** Where a deployment's engines run: decided from what was measured, or as the spec says. */

import type { Profile } from "./profile.ts";

export type Placement = "inline" | "worker" | "process";

export type PlacementDecision = { readonly placement: Placement; readonly why: string };

/** What other connections may be made to wait for one run. */
const INLINE_MS = 1;

export type PlacementFacts = {
  readonly profile: Profile;
  /** Whether it is the deployment with the most traffic. */
  readonly main: boolean;
  /** `edge.placement` of the spec. */
  readonly override?: Placement;
};

export function decidePlacement({ profile, main, override }: PlacementFacts): PlacementDecision {
  if (override !== undefined) return { placement: override, why: "the spec says so" };
  if (!main) {
    return {
      placement: "process",
      why: "another deployment has more traffic, and must not suffer from this one",
    };
  }
  if (profile.fault !== undefined) {
    return { placement: "worker", why: "a run could not be measured" };
  }
  if (profile.variesWith !== undefined) {
    return { placement: "worker", why: `what a run takes depends on ${profile.variesWith}` };
  }
  const ms = profile.runMs.toFixed(3);
  return profile.runMs <= INLINE_MS
    ? { placement: "inline", why: `a run takes ${ms} ms, which keeps nobody waiting` }
    : { placement: "worker", why: `a run takes ${ms} ms, and would keep every connection waiting` };
}
