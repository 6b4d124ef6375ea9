<<<<<<< HEAD
/** What is measured of the process and the machine around it. */
=======
/** Everything that metrics show of where and as what the runtime runs. */
>>>>>>> auth

import type { Clock } from "../../core/ports.ts";
import type { Limits } from "../limits.ts";
import type { Metrics } from "../metrics.ts";
<<<<<<< HEAD
import { runtimeVersion } from "../version.ts";
import { watchBuild, watchLimits, watchProcess } from "./process.ts";
import { readThrottling, watchThrottling } from "./throttling.ts";

export function watchMachine(metrics: Metrics, limits: Limits, clock: Clock): void {
  watchLimits(metrics, limits);
  watchThrottling(metrics, readThrottling);
  watchProcess(metrics, clock);
  watchBuild(metrics, { version: runtimeVersion(), node: process.versions.node });
=======
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
>>>>>>> auth
}
