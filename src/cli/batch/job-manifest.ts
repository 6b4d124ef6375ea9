/** `batch render SPEC --engine kubernetes|slurm`: the same job, as a job engine runs it in pieces. */

import { engineJob } from "../../packager/batch/engine-job.ts";
import { renderKubernetesJob } from "../../packager/batch/kubernetes.ts";
import { kubernetesFaults } from "../../packager/batch/kubernetes-rules.ts";
import { renderSlurmScript } from "../../packager/batch/slurm.ts";
import { deploymentFrom, settingsFrom } from "../../runtime/batch/flags.ts";
import { UsageError } from "../command.ts";
import type { Invocation, Option, Outcome } from "../command.ts";
import { loadEndpoint } from "../given/endpoint.ts";

export const RENDER_OPTIONS = {
  engine: { type: "string", value: "ENGINE", summary: "of render: kubernetes or slurm" },
  image: { type: "string", value: "NAME", summary: "of render: what kubernetes runs" },
  claim: {
    type: "string",
    value: "NAME",
    summary: "of render: volume claim with input and output; the spec's volume otherwise",
  },
  mount: {
    type: "string",
    value: "PATH",
    summary: "of render: where the claim is, the volume's path otherwise",
  },
} as const satisfies Record<string, Option>;

/** Flags that every shard gets as they were given. */
const PASSED = [
  "deployment",
  "format",
  "mini-batch-size",
  "max-concurrency",
  "max-retries",
  "timeout",
  "error-threshold",
  "output-action",
  "output-file-name",
  "logging-level",
] as const;

export async function renderJob(invocation: Invocation): Promise<Outcome> {
  const { options, args } = invocation;
  const specs = args.slice(1);
  const { engine } = options;
  if (engine !== "kubernetes" && engine !== "slurm") {
    throw new UsageError(`--engine is '${String(engine ?? "")}', expected kubernetes or slurm`);
  }
  const read = await loadEndpoint({ ...invocation, args: specs });
  if (!read.ok) return { problems: read.problems };
  const { endpoint } = read.value;
  const { deployment, batch } = deploymentFrom(endpoint, options);
  const { nodeCount: shards } = settingsFrom(batch, options);
  const flags = PASSED.flatMap((name) => {
    const value = options[name];
    return typeof value === "string" ? [`--${name}=${value}`] : [];
  });
  const job = engineJob(endpoint, {
    deployment,
    shards,
    flags,
    ...given(options, "input", "output", "claim", "mount"),
    ...(typeof options["input-list"] === "string" && { inputList: options["input-list"] }),
  });
  const printed = (text: string): Outcome => ({
    problems: read.problems,
    json: { engine, shards, text },
    text: text.trimEnd(),
  });
  if (engine === "slurm") return printed(renderSlurmScript({ ...job, specs }));
  const pods = { ...job, image: imageOf(options) };
  const faults = kubernetesFaults(pods);
  return faults.length > 0 ? { problems: faults } : printed(renderKubernetesJob(pods));
}

function imageOf({ image }: Invocation["options"]): string {
  if (typeof image === "string" && image !== "") return image;
  throw new UsageError("batch render --engine kubernetes needs --image, which `build` prints");
}

/** Of these flags those that have a value. */
function given<K extends string>(
  options: Invocation["options"],
  ...names: readonly K[]
): { readonly [P in K]?: string } {
  const values = names.flatMap((name) => {
    const value = options[name];
    return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(values) as { readonly [P in K]?: string };
}
