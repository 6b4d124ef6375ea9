/** What the flags of a job say: where it reads and writes, which deployment, and what they change. */

import { resolve } from "node:path";

import { userError } from "../../core/problem.ts";
import {
  MOST_MINI_BATCH_SECONDS,
  MOST_NODES,
  MOST_REQUESTS_PER_INSTANCE,
} from "../../core/limits/setting-bounds.ts";
import type { ResolvedBatch, ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import { FORMATS } from "./settings.ts";
import type { Format, JobSettings, Shard } from "./settings.ts";
import { parseShard } from "./shards/shards.ts";
import type { Variables } from "./shards/shards.ts";

export const JOB_FLAGS = {
  input: {
    type: "string",
    short: "i",
    value: "PATH",
    summary: "a file, or a folder with all below it",
  },
  "input-list": {
    type: "string",
    value: "FILE",
    summary: "only the files that it names, one path a line, below --input",
  },
  output: { type: "string", short: "o", value: "DIR", summary: "result, report, logs and journal" },
  shard: {
    type: "string",
    value: "i/n|auto",
    summary: "one of n pieces, from 0; auto: as the job engine says",
  },
  deployment: { type: "string", value: "NAME", summary: "the endpoint's default otherwise" },
  format: {
    type: "string",
    value: "FORMAT",
    summary: `${FORMATS.join(", ")}; Azure's bytes otherwise`,
  },
  "mini-batch-size": { type: "string", value: "N", summary: "files of one run()" },
  "node-count": {
    type: "string",
    value: "N",
    summary: "machines; without --shard, their workers here",
  },
  "max-concurrency": { type: "string", value: "N", summary: "workers of one machine" },
  "max-retries": { type: "string", value: "N", summary: "tries of a mini-batch in all" },
  timeout: { type: "string", value: "SECONDS", summary: "of one run()" },
  "error-threshold": { type: "string", value: "N", summary: "items that may fail; -1: all" },
  "output-action": { type: "string", value: "ACTION", summary: "append_row or summary_only" },
  "output-file-name": { type: "string", value: "NAME", summary: "of the result in --output" },
  "logging-level": { type: "string", value: "LEVEL", summary: "warning, info or debug" },
} as const;

export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export type JobPlaces = {
  readonly input: string;
  readonly inputList?: string;
  readonly output: string;
  readonly shard?: Shard;
};

/** @throws UserError CLI_USAGE, BATCH_SHARD */
export function placesFrom(flags: Flags, cwd: string, env: Variables): JobPlaces {
  const path = (name: "input" | "output"): string => {
    const value = flags[name];
    if (typeof value === "string" && value !== "") return resolve(cwd, value);
    throw userError("CLI_USAGE", `batch needs --${name} ${JOB_FLAGS[name].value}`);
  };
  const { shard } = flags;
  const list = flags["input-list"];
  return {
    input: path("input"),
    output: path("output"),
    ...(typeof list === "string" && { inputList: resolve(cwd, list) }),
    ...(typeof shard === "string" && { shard: parseShard(shard, env) }),
  };
}

/** @throws UserError where the endpoint has no such deployment, or none for batch jobs */
export function deploymentFrom(
  { kind, deployments, defaultDeployment }: ResolvedEndpoint,
  flags: Flags,
): { readonly deployment: ResolvedDeployment; readonly batch: ResolvedBatch } {
  if (kind !== "batch") {
    throw userError(
      "CLI_UNSUPPORTED",
      "this is an online endpoint, and batch jobs need a batch endpoint",
      { hint: "Write type: batch in the spec." },
    );
  }
  const asked = flags["deployment"];
  const name = typeof asked === "string" ? asked : defaultDeployment;
  const names = deployments.map((known) => known.name).join(", ");
  const found = deployments.find((known) => known.name.toLowerCase() === name?.toLowerCase());
  if (found?.batch !== undefined) return { deployment: found, batch: found.batch };
  const message =
    name === undefined
      ? `the endpoint has several deployments and no default: ${names}`
      : `there is no deployment '${name}', there are: ${names}`;
  throw userError("BATCH_DEPLOYMENT", message, { hint: "Name one with --deployment." });
}

/** @throws UserError CLI_USAGE where a flag's value is none */
export function settingsFrom(batch: ResolvedBatch, flags: Flags): JobSettings {
  const number = (name: keyof typeof JOB_FLAGS, least: number, otherwise: number): number =>
    numberFrom(flags, name, { least }) ?? otherwise;
  const bounded = (name: keyof typeof JOB_FLAGS, most: number, otherwise: number): number =>
    numberFrom(flags, name, { least: 1, most }) ?? otherwise;
  const word = <T extends string>(name: string, words: readonly T[], otherwise: T): T => {
    const text = flags[name];
    if (typeof text !== "string") return otherwise;
    const found = words.find((known) => known === text);
    if (found !== undefined) return found;
    throw userError("CLI_USAGE", `--${name} is '${text}', expected ${words.join(", ")}`);
  };
  return {
    nodeCount: bounded("node-count", MOST_NODES, batch.nodeCount),
    miniBatchSize: number("mini-batch-size", 1, batch.miniBatchSize),
    maxConcurrencyPerInstance: bounded(
      "max-concurrency",
      MOST_REQUESTS_PER_INSTANCE,
      batch.maxConcurrencyPerInstance,
    ),
    outputAction: word("output-action", ["append_row", "summary_only"], batch.outputAction),
    outputFileName: fileName(flags["output-file-name"] ?? batch.outputFileName),
    maxRetries: number("max-retries", 0, batch.maxRetries),
    timeoutSeconds: bounded("timeout", MOST_MINI_BATCH_SECONDS, batch.timeoutSeconds),
    errorThreshold: number("error-threshold", -1, batch.errorThreshold),
    loggingLevel: word("logging-level", ["warning", "info", "debug"], batch.loggingLevel),
    format: word<Format>("format", FORMATS, "azure"),
  };
}

const MAX_INTEGER = 2_147_483_647;

/** `undefined` where the flag is absent. @throws UserError CLI_USAGE */
export function numberFrom(
  flags: Flags,
  name: string,
  { least, most = MAX_INTEGER }: { readonly least: number; readonly most?: number },
): number | undefined {
  const text = flags[name];
  if (typeof text !== "string") return undefined;
  const value = Number(text);
  if (/^-?\d{1,10}$/.test(text) && value >= least && value <= most) return value;
  throw userError(
    "CLI_USAGE",
    `--${name} is '${text}', expected a whole number from ${least} to ${most}`,
  );
}

/** Names that the job itself uses in its folder. */
const TAKEN = new Set([
  "",
  ".",
  "..",
  ".edgewright",
  "logs",
  "shards",
  "report.json",
  "report.html",
]);

/** Of a name in every file system that is in use. */
const MOST_NAME_BYTES = 255;

function fileName(text: Flags[string]): string {
  const bytes = typeof text === "string" ? Buffer.byteLength(text) : 0;
  if (bytes > MOST_NAME_BYTES) {
    throw userError(
      "CLI_USAGE",
      `the output file name has ${bytes} bytes, expected at most ${MOST_NAME_BYTES}`,
    );
  }
  if (typeof text === "string" && !/[/\p{Cc}]/u.test(text) && !TAKEN.has(text)) return text;
  throw userError(
    "CLI_USAGE",
    `the output file name is ${JSON.stringify(text)}, expected a plain file name`,
  );
}
