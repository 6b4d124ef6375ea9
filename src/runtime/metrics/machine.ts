/** What is measured of the process and the machine around it. */

import type { Clock } from "../../core/ports.ts";
import type { Limits } from "../limits.ts";
import type { Metrics } from "../metrics.ts";
import { runtimeVersion } from "../version.ts";
import { watchBuild, watchLimits, watchProcess } from "./process.ts";
import { readThrottling, watchThrottling } from "./throttling.ts";

export function watchMachine(metrics: Metrics, limits: Limits, clock: Clock): void {
  watchLimits(metrics, limits);
  watchThrottling(metrics, readThrottling);
  watchProcess(metrics, clock);
  watchBuild(metrics, { version: runtimeVersion(), node: process.versions.node });
}
