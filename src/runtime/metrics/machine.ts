/** Everything that metrics show of where and as what the runtime runs. */

import type { Clock } from "../../core/ports.ts";
import type { Limits } from "../limits.ts";
import type { Metrics } from "./metrics.ts";
import { watchBuild, watchLimits, watchProcess } from "./process.ts";
import { watchProcessTree } from "./process-tree.ts";
import { readThrottling, watchThrottling } from "./throttling.ts";

export type Machine = {
  readonly limits: Limits;
  readonly clock: Clock;
  /** Of edgewright. */
  readonly version: string;
};

export function watchMachine(metrics: Metrics, { limits, clock, version }: Machine): void {
  watchLimits(metrics, limits);
  watchThrottling(metrics, readThrottling);
  watchProcessTree(metrics);
  watchProcess(metrics, clock);
  watchBuild(metrics, { version, node: process.versions.node });
}
