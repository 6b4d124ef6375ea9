/** A batch job as a job array of Slurm: a task for each shard, requeued when its node is lost. */

import type { EngineJob } from "./engine-job.ts";

export type SlurmOptions = Omit<EngineJob, "claim" | "mount"> & {
  /** As every node sees them. */
  readonly specs: readonly string[];
};

const MEBIBYTE = 1024 * 1024;

/** @source batch-engines.md: Slurm job array */
export function renderSlurmScript(options: SlurmOptions): string {
  const { name, shards, job, specs, deployment } = options;
  const { cpus, memoryBytes } = deployment;
  const settings = [
    `--job-name=${name}`,
    `--array=0-${shards - 1}`,
    "--requeue",
    "--open-mode=append",
    ...(cpus === null ? [] : [`--cpus-per-task=${Math.max(1, Math.ceil(cpus))}`]),
    ...(memoryBytes === null ? [] : [`--mem=${Math.ceil(memoryBytes / MEBIBYTE)}M`]),
  ];
  const command = ["batch", ...specs, ...job].map(quoted).join(" ");
  return `#!/bin/bash
${settings.map((setting) => `#SBATCH ${setting}`).join("\n")}

# Slurm's own count is that of the tasks submitted together, not of the whole job.
export EDGEWRIGHT_SHARDS=${shards}
exec "\${EDGEWRIGHT:-edgewright}" ${command}
`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
