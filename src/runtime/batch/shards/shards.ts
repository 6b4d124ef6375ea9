/** Which piece of a job is this one, and which files belong to it? */

import { UserError, userError } from "../../../core/problem.ts";
import type { Shard } from "../settings.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** Where engines say which piece a process is. @source batch-engines.md: index variables */
const INDEX_VARIABLES: Readonly<Record<string, number>> = {
  JOB_COMPLETION_INDEX: 0,
  SLURM_ARRAY_TASK_ID: 0,
  AWS_BATCH_JOB_ARRAY_INDEX: 0,
  BATCH_TASK_INDEX: 0,
  NOMAD_ALLOC_INDEX: 0,
  PARALLEL_SEQ: 1,
};

const COUNT_VARIABLE = "EDGEWRIGHT_SHARDS";

/** @param text `i/n` with i from 0, or `auto`. @throws UserError CLI_USAGE, BATCH_SHARD */
export function parseShard(text: string, env: Variables): Shard {
  return text === "auto" ? shardFromEngine(env) : shardFromText(text);
}

function shardFromText(text: string): Shard {
  const [, index = "", count = ""] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index !== "" && shard.index < shard.count) return shard;
  throw userError("CLI_USAGE", `--shard is '${text}', expected i/n with i from 0 to n-1, or auto`, {
    hint: "Write 0/4 for the first of four shards.",
  });
}

function shardFromEngine(env: Variables): Shard {
  const found = Object.entries(INDEX_VARIABLES).filter(([name]) => env[name] !== undefined);
  const [first, second] = found;
  if (first === undefined) {
    throw userError("BATCH_SHARD", "--shard is auto, and no engine's index variable is set", {
      hint: `Run it under a job engine that sets one of ${Object.keys(INDEX_VARIABLES).join(", ")}, or write --shard i/n.`,
    });
  }
  if (second !== undefined) {
    throw userError("BATCH_SHARD", `both ${first[0]} and ${second[0]} are set`, {
      hint: "Write --shard i/n.",
    });
  }
  const [name, base] = first;
  const index = wholeNumber(name, env[name], base) - base;
  const count = wholeNumber(COUNT_VARIABLE, env[COUNT_VARIABLE], 1);
  if (index < count) return { index, count };
  throw userError(
    "BATCH_SHARD",
    `${name} is ${env[name]}, and ${COUNT_VARIABLE} says that there are ${count} shards`,
    { hint: `Give every shard the same ${COUNT_VARIABLE}, the number of shards of the whole job.` },
  );
}

function wholeNumber(name: string, text: string | undefined, least: number): number {
  if (text !== undefined && /^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  const there = text === undefined ? "is not set" : `is '${text}'`;
  throw new UserError([
    {
      code: "BATCH_SHARD",
      severity: "error",
      message: `${name} ${there}, expected a whole number from ${least}`,
      hint: "Take the job from `edgewright batch render`, which sets it.",
    },
  ]);
}

/** FNV-1a with a last mix, so that paths that differ in their end alone spread too. */
function pathHash(path: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index += 1) {
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** @param path relative to the input */
export function isInShard(path: string, { index, count }: Shard): boolean {
  return pathHash(path) % count === index;
}

/** Where a shard keeps its result and its journal, below the job's output folder. */
export function shardFolder({ index, count }: Shard): string {
  return `shards/${index}-of-${count}`;
}
