/** The job manifests beside the image of a batch endpoint: what `batch render` prints, for that image. */

import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { engineJob } from "./engine-job.ts";
import { renderKubernetesJob } from "./kubernetes.ts";
import { renderSlurmScript } from "./slurm.ts";

export type JobFilesOptions = {
  readonly deployment: ResolvedDeployment;
  /** As the command line names them: nodes of a cluster see the same folder. */
  readonly specs: readonly string[];
  /** `repository:tag` */
  readonly image: string;
};

export function renderJobFiles(
  endpoint: ResolvedEndpoint,
  { deployment, specs, image }: JobFilesOptions,
): { readonly kubernetes: string; readonly slurm: string } {
  const shards = deployment.batch?.nodeCount ?? 1;
  const job = engineJob(endpoint, { deployment, shards });
  return {
    kubernetes: renderKubernetesJob({ ...job, image }),
    slurm: renderSlurmScript({ ...job, specs }),
  };
}
