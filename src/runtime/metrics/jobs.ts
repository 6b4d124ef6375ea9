/** Metrics of the jobs that a module is asked for: how many, how they ended, how far the one is that runs. */

import type { Metrics } from "./metrics.ts";

/** Of the job that runs. */
export type JobProgress = {
  readonly total: number;
  readonly totals: {
    readonly succeeded: number;
    readonly failed: number;
    readonly rows: number;
    readonly retries: number;
  };
  readonly leftMs?: number;
};

type Now = () => {
  readonly waiting: number;
  readonly running: boolean;
  readonly progress?: JobProgress;
};

export type JobCounts = {
  readonly ended: (deployment: string, outcome: string) => void;
  readonly died: (deployment: string) => void;
};

const OUTCOMES = ["complete", "failed", "cancelled"];

/** @param deployments whose series begin at zero */
export function countJobs(metrics: Metrics, deployments: readonly string[], now: Now): JobCounts {
  const jobs = metrics.counter(
    "edgewright_jobs_total",
    "Jobs that ended, by deployment and outcome.",
  );
  const deaths = metrics.counter(
    "edgewright_job_deaths_total",
    "Processes of jobs that ended by themselves, by deployment.",
  );
  const series = deployments.map((deployment) => {
    const outcomes = OUTCOMES.map((outcome) => [outcome, jobs({ deployment, outcome })] as const);
    return [deployment, { outcomes: new Map(outcomes), deaths: deaths({ deployment }) }] as const;
  });
  const byDeployment = new Map(series);
  watchCurrent(metrics, now);
  return {
    ended: (deployment, outcome) => byDeployment.get(deployment)?.outcomes.get(outcome)?.add(),
    died: (deployment) => byDeployment.get(deployment)?.deaths.add(),
  };
}

/** Nothing is told of files while no job runs. */
function watchCurrent(metrics: Metrics, now: Now): void {
  const running = (name: string, help: string, read: (job: JobProgress) => number): void =>
    metrics.gauge(name, help, () => {
      const job = now().progress;
      return job === undefined ? [] : [{ labels: {}, value: read(job) }];
    });
  metrics.gauge("edgewright_jobs_waiting", "Jobs that wait for the one that runs.", () => [
    { labels: {}, value: now().waiting },
  ]);
  metrics.gauge("edgewright_jobs_running", "1 while a job runs.", () => [
    { labels: {}, value: now().running ? 1 : 0 },
  ]);
  running("edgewright_job_files", "Input files of the job that runs.", ({ total }) => total);
  metrics.gauge("edgewright_job_files_done", "Those that are done, by outcome.", () => {
    const job = now().progress;
    if (job === undefined) return [];
    const { succeeded, failed } = job.totals;
    return [
      { labels: { outcome: "succeeded" }, value: succeeded },
      { labels: { outcome: "failed" }, value: failed },
    ];
  });
  running("edgewright_job_rows", "Rows that they gave.", ({ totals }) => totals.rows);
  running("edgewright_job_retries", "Tries beyond the first.", ({ totals }) => totals.retries);
  metrics.gauge("edgewright_job_seconds_left", "Until its end, as its rate says.", () => {
    const leftMs = now().progress?.leftMs;
    return leftMs === undefined ? [] : [{ labels: {}, value: leftMs / 1000 }];
  });
}
