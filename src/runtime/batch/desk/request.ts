/** A job as somebody asks for it: input and output folder, and settings that differ from the spec's. */

import { ScoringError, UserError } from "../../../core/problem.ts";
import type { ResolvedEndpoint } from "../../../spec/resolved.ts";
import { deploymentFrom, JOB_FLAGS, settingsFrom } from "../flags.ts";
import type { Format, JobSettings } from "../settings.ts";
import type { AskedPlaces } from "./places.ts";

export type JobRequest = {
  readonly deployment: string;
  readonly places: Omit<AskedPlaces, "output"> & { readonly output?: string };
  readonly flags: Readonly<Record<string, string>>;
  readonly settings: JobSettings;
};

const PLACES = ["input", "output", "input-list"] as const;
/** Of the flags of `batch`; the whole job runs here, so there are no shards. */
const NAMES: readonly string[] = Object.keys(JOB_FLAGS).filter((name) => name !== "shard");
const TEXTS: ReadonlySet<string> = new Set([
  ...PLACES,
  "deployment",
  "format",
  "output-action",
  "output-file-name",
  "logging-level",
]);
const SPEC_SPELLING: Readonly<Record<string, string>> = {
  "max-concurrency-per-instance": "max-concurrency",
};

/**
 * `{"input": "in", "output": "out", "mini_batch_size": 5}`: the flags of `batch`, with `_` or `-`.
 *
 * @throws ScoringError JOB_REQUEST
 */
export function readJobRequest(body: unknown, endpoint: ResolvedEndpoint): JobRequest {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw wrong('the body is no JSON object, expected {"input": FOLDER, "output": FOLDER}');
  }
  const words = new Map<string, string>();
  for (const [key, value] of Object.entries(body)) {
    const hyphens = key.replaceAll("_", "-");
    const name = SPEC_SPELLING[hyphens] ?? hyphens;
    if (!NAMES.includes(name)) {
      throw wrong(
        `'${key.slice(0, 100)}' is unknown, known are ${NAMES.map(underscored).join(", ")}`,
      );
    }
    const expected = TEXTS.has(name) ? "string" : "number";
    if (typeof value !== expected) {
      throw wrong(
        `${underscored(name)} is ${JSON.stringify(value).slice(0, 100)}, expected a ${expected}`,
      );
    }
    words.set(name, String(value));
  }
  const input = words.get("input");
  if (input === undefined) throw wrong("input is absent, expected a file or a folder");
  const output = words.get("output");
  const inputList = words.get("input-list");
  const flags = Object.fromEntries(
    [...words].filter(([name]) => !PLACES.some((place) => place === name)),
  );
  const { deployment, settings } = checked(endpoint, flags);
  return {
    deployment,
    places: { input, ...(output !== undefined && { output }), ...(inputList && { inputList }) },
    flags: { ...flags, deployment },
    settings,
  };
}

export function underscored(flag: string): string {
  return flag.replaceAll("-", "_");
}

const TYPES: Readonly<Record<Format, string>> = {
  azure: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  jsonl: "application/x-ndjson",
  npy: "application/octet-stream",
};

/** Of the result file. */
export function mediaType(format: Format): string {
  return TYPES[format];
}

function checked(endpoint: ResolvedEndpoint, flags: JobRequest["flags"]) {
  try {
    const { deployment, batch } = deploymentFrom(endpoint, flags);
    return { deployment: deployment.name, settings: settingsFrom(batch, flags) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [problem] = error.problems;
    // The same rules as on the command line, in the words of a request.
    const message = problem?.message ?? error.message;
    throw wrong(message.replaceAll(/--([a-z-]+)/g, (_, flag: string) => underscored(flag)));
  }
}

function wrong(message: string): ScoringError {
  return new ScoringError("JOB_REQUEST", message);
}
