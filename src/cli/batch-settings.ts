/** Which deployment does a job run, and with which settings? The spec's, as flags change them. */

import { userError } from "../core/problem.ts";
import { FORMATS } from "../runtime/batch/settings.ts";
import type { Format, JobSettings } from "../runtime/batch/settings.ts";
import type { ResolvedBatch, ResolvedDeployment, ResolvedEndpoint } from "../spec/resolved.ts";
import { UsageError } from "./command.ts";
import type { Invocation, Option } from "./command.ts";

export const SETTING_OPTIONS = {
  deployment: { type: "string", value: "NAME", summary: "the endpoint's default otherwise" },
  format: { type: "string", value: "FORMAT", summary: `${FORMATS.join(", ")}; Azure's bytes otherwise` },
  "mini-batch-size": { type: "string", value: "N", summary: "files of one run()" },
  "node-count": { type: "string", value: "N", summary: "machines, or their workers on this one" },
  "max-concurrency": { type: "string", value: "N", summary: "workers of one machine" },
  "max-retries": { type: "string", value: "N", summary: "tries of a mini-batch in all" },
  timeout: { type: "string", value: "SECONDS", summary: "of one run()" },
  "error-threshold": { type: "string", value: "N", summary: "items that may fail; -1: all" },
  "output-action": { type: "string", value: "ACTION", summary: "append_row or summary_only" },
  "output-file-name": { type: "string", value: "NAME", summary: "of the result in --output" },
  "logging-level": { type: "string", value: "LEVEL", summary: "warning, info or debug" },
} as const satisfies Record<string, Option>;

/** @throws UserError where the endpoint has no such deployment, or none for batch jobs */
export function jobDeployment(
  { kind, deployments, defaultDeployment }: ResolvedEndpoint,
  asked: Invocation["options"][string],
): { readonly deployment: ResolvedDeployment; readonly batch: ResolvedBatch } {
  if (kind !== "batch") {
    throw userError("CLI_UNSUPPORTED", "this is an online endpoint, and batch jobs need a batch endpoint", {
      hint: "write type: batch in the spec",
    });
  }
  const name = typeof asked === "string" ? asked : defaultDeployment;
  const names = deployments.map((known) => known.name).join(", ");
  const found = deployments.find((known) => known.name.toLowerCase() === name?.toLowerCase());
  if (found?.batch === undefined) {
    const message =
      name === undefined
        ? `the endpoint has several deployments and no default: ${names}`
        : `there is no deployment '${name}', there are: ${names}`;
    throw userError("BATCH_DEPLOYMENT", message, { hint: "name one with --deployment" });
  }
  return { deployment: found, batch: found.batch };
}

/** @throws UsageError where a flag's value is none */
export function jobSettings(batch: ResolvedBatch, { options }: Invocation): JobSettings {
  const number = (name: string, least: number, otherwise: number): number => {
    const text = options[name];
    if (typeof text !== "string") return otherwise;
    const value = Number(text);
    if (/^-?\d{1,10}$/.test(text) && value >= least && value <= 2147483647) return value;
    throw new UsageError(`--${name} is '${text}', expected a whole number from ${least}`);
  };
  const word = <T extends string>(name: string, words: readonly T[], otherwise: T): T => {
    const text = options[name];
    if (typeof text !== "string") return otherwise;
    const found = words.find((known) => known === text);
    if (found !== undefined) return found;
    throw new UsageError(`--${name} is '${text}', expected ${words.join(", ")}`);
  };
  return {
    nodeCount: number("node-count", 1, batch.nodeCount),
    miniBatchSize: number("mini-batch-size", 1, batch.miniBatchSize),
    maxConcurrencyPerInstance: number("max-concurrency", 1, batch.maxConcurrencyPerInstance),
    outputAction: word("output-action", ["append_row", "summary_only"], batch.outputAction),
    outputFileName: fileName(options["output-file-name"] ?? batch.outputFileName),
    maxRetries: number("max-retries", 0, batch.maxRetries),
    timeoutSeconds: number("timeout", 1, batch.timeoutSeconds),
    errorThreshold: number("error-threshold", -1, batch.errorThreshold),
    loggingLevel: word("logging-level", ["warning", "info", "debug"], batch.loggingLevel),
    format: word<Format>("format", FORMATS, "azure"),
  };
}

/** Names that the job itself uses in its folder. */
const TAKEN = new Set(["", ".", "..", ".edgewright", "logs", "shards", "report.json", "report.html"]);

function fileName(text: Invocation["options"][string]): string {
  if (typeof text === "string" && !/[/\0]/.test(text) && !TAKEN.has(text)) return text;
  throw new UsageError(`the output file name is '${String(text)}', expected a plain file name`);
}
