/** What does this process cost, and what is it? Under the names that Prometheus gives to every process. */

import type { Clock } from "../../core/ports.ts";
import type { Limits } from "../limits.ts";
import type { Metrics, Sample } from "./metrics.ts";

const MICROSECONDS = 1e6;

/** @source prometheus.io: docs/instrumenting/writing_clientlibs (process metrics) */
export function watchProcess(metrics: Metrics, clock: Clock): void {
  const startedSeconds = clock.now() / 1000 - process.uptime();
  metrics.counterOf("process_cpu_seconds_total", "User and system CPU time of the process.", () => {
    const { user, system } = process.cpuUsage();
    return single((user + system) / MICROSECONDS);
  });
  metrics.gauge("process_resident_memory_bytes", "Resident memory of the process.", () =>
    single(process.memoryUsage.rss()),
  );
  metrics.gauge("process_start_time_seconds", "When the process began, since the epoch.", () =>
    single(startedSeconds),
  );
}

/** The limits that hold here, whatever the spec asked for. */
export function watchLimits(metrics: Metrics, { cpus, memoryBytes }: Limits): void {
  metrics.gauge("edgewright_cpu_limit_cores", "CPUs that may be used at once.", () => single(cpus));
  metrics.gauge("edgewright_memory_limit_bytes", "Memory that may be used.", () =>
    single(memoryBytes),
  );
}

/** Which build runs here: 1, with what there is to know in its labels. */
export function watchBuild(metrics: Metrics, labels: Readonly<Record<string, string>>): void {
  metrics.gauge("edgewright_build_info", "Versions of what runs here.", () => [
    { labels, value: 1 },
  ]);
}

function single(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}
