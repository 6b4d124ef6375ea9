/** `batch render SPEC --engine kubernetes|slurm`: the same job, as a job engine runs it in pieces. */

import { renderKubernetesJob } from "../packager/batch/kubernetes.ts";
import { renderSlurmScript } from "../packager/batch/slurm.ts";
import { deploymentFrom, settingsFrom } from "../runtime/batch/flags.ts";
import { UsageError } from "./command.ts";
import type { Invocation, Option, Outcome } from "./command.ts";
import { loadEndpoint } from "./endpoint.ts";

export const RENDER_OPTIONS = {
  engine: { type: "string", value: "ENGINE", summary: "of render: kubernetes or slurm" },
  image: { type: "string", value: "NAME", summary: "of render: what kubernetes runs" },
  claim: {
    type: "string",
    value: "NAME",
    summary: "of render: volume claim with input and output, both below --mount",
  },
  mount: {
    type: "string",
    value: "PATH",
    summary: "of render: where the claim is, /data otherwise",
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
  const job = [
    `--input=${textOf(options, "input")}`,
    `--output=${textOf(options, "output")}`,
    ...(typeof options["input-list"] === "string" ? [`--input-list=${options["input-list"]}`] : []),
    "--shard=auto",
    ...flags,
  ];
  const common = { name: endpoint.module.name, shards, job, deployment };
  const text =
    engine === "slurm"
      ? renderSlurmScript({ ...common, specs })
      : renderKubernetesJob({
          ...common,
          image: textOf(options, "image"),
          claim: textOf(options, "claim"),
          mount: typeof options["mount"] === "string" ? options["mount"] : "/data",
        });
  return { problems: read.problems, json: { engine, shards, text }, text: text.trimEnd() };
}

function textOf(options: Invocation["options"], name: string): string {
  const value = options[name];
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`batch render needs --${name}`);
}
