/** A batch job as a job engine runs it: how many pieces, where their files lie, which flags they get. */

import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { claimName, jobName } from "./kubernetes-rules.ts";

export type EngineJob = {
  /** Of the job in its engine: letters, digits and hyphens, in lower case. */
  readonly name: string;
  /** Pieces that run side by side, each an execution of `batch`. */
  readonly shards: number;
  /** Flags of `batch`, as every piece gets them. */
  readonly job: readonly string[];
  readonly deployment: Pick<ResolvedDeployment, "cpus" | "memoryBytes" | "environmentVariables">;
  /** Of the volume that input and output lie on. */
  readonly claim: string;
  /** Where that volume is in a container. */
  readonly mount: string;
};

/** What is asked for; what is absent is as the endpoint's volume says. */
export type AskedJob = {
  readonly deployment: ResolvedDeployment;
  readonly shards: number;
  readonly input?: string;
  readonly output?: string;
  readonly inputList?: string;
  readonly claim?: string;
  readonly mount?: string;
  /** Settings that differ from the deployment's, as flags. */
  readonly flags?: readonly string[];
};

export function engineJob({ module }: ResolvedEndpoint, asked: AskedJob): EngineJob {
  const { deployment, shards, inputList, flags = [] } = asked;
  const mount = asked.mount ?? module.volume?.path ?? "/data";
  return {
    name: jobName(module.name, shards),
    shards,
    job: [
      `--input=${asked.input ?? `${mount}/input`}`,
      `--output=${asked.output ?? `${mount}/output`}`,
      ...(inputList === undefined ? [] : [`--input-list=${inputList}`]),
      "--shard=auto",
      ...flags,
    ],
    deployment,
    claim: asked.claim ?? claimName(module.volume?.name ?? `${module.name}-data`),
    mount,
  };
}
