/** Where things of a job lie in its output folder, and whose folder it is. */

import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { makeFolder } from "../../../core/machine/make-folder.ts";
import { userError } from "../../../core/problem.ts";
import { isFull } from "./disk-fault.ts";
import { writeDurably } from "./durable.ts";
import { shardFolder } from "../shards/shards.ts";
import type { JobSettings, Shard } from "../settings.ts";

/** What makes two starts the same job. */
export type JobIdentity = {
  readonly format: 1;
  readonly endpoint: string;
  readonly deployment: string;
  /** Digest of everything that decides the rows; the same for all shards of one job. */
  readonly job: string;
  readonly input: string;
  readonly fixed: Pick<JobSettings, "miniBatchSize" | "outputAction" | "outputFileName" | "format">;
  readonly shard: Shard | null;
};

export type JobFolder = {
  /** The job's, or the shard's in it: result and report. */
  readonly root: string;
  /** State: identity, list, journal, lease. */
  readonly state: string;
  readonly result: string;
};

export function jobFolder(
  output: string,
  {
    shard,
    outputFileName,
  }: {
    readonly shard: Shard | undefined;
    readonly outputFileName: string;
  },
): JobFolder {
  const root = shard === undefined ? output : join(output, shardFolder(shard));
  return { root, state: join(root, ".edgewright"), result: join(root, outputFileName) };
}

export function jobDigest(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/**
 * Makes the folder this job's, or finds that it is. True where the job was begun before.
 *
 * @throws UserError BATCH_OUTPUT where it is another job's, or a foreign file stands in the way
 */
export function claimFolder(folder: JobFolder, identity: JobIdentity): boolean {
  const known = readIdentity(folder);
  if (known !== undefined) {
    const what = difference(known, identity);
    if (what === undefined) return true;
    throw userError("BATCH_OUTPUT", `${folder.root} belongs to a job with ${what}`, {
      hint: "Give this job an --output folder of its own.",
    });
  }
  if (existsSync(folder.result)) {
    throw userError("BATCH_OUTPUT", `${folder.result} is there already, and no job here wrote it`, {
      hint: "Move the file away, or give another --output folder.",
    });
  }
  return false;
}

/** @throws UserError BATCH_OUTPUT where it cannot be made or written; Error of a full disk */
export function makeState({ state }: Pick<JobFolder, "state">): void {
  try {
    makeFolder(state);
    accessSync(state, constants.W_OK);
  } catch (error) {
    if (isFull(error)) throw error;
    throw userError("BATCH_OUTPUT", `${state} cannot be written: ${(error as Error).message}`, {
      hint: "Give --output a folder that this user may write.",
    });
  }
}

export function writeIdentity(folder: JobFolder, identity: JobIdentity): void {
  writeDurably(join(folder.state, "job.json"), `${JSON.stringify(identity)}\n`);
}

export function readIdentity({ state }: Pick<JobFolder, "state">): JobIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(state, "job.json"), "utf8")) as JobIdentity;
  } catch {
    return undefined;
  }
}

function difference(known: JobIdentity, asked: JobIdentity): string | undefined {
  const names = ["endpoint", "deployment", "input"] as const;
  const name = names.find((key) => known[key] !== asked[key]);
  if (name !== undefined) return `another ${name}: '${known[name]}', not '${asked[name]}'`;
  const keys = Object.keys(known.fixed) as (keyof JobIdentity["fixed"])[];
  const key = keys.find((one) => known.fixed[one] !== asked.fixed[one]);
  if (key !== undefined) return `another ${key}: ${known.fixed[key]}, not ${asked.fixed[key]}`;
  return known.job === asked.job ? undefined : "another model, script or list of files";
}

const SEPARATOR = "\0";

export function writeList({ state }: JobFolder, files: readonly string[]): void {
  makeFolder(state);
  writeDurably(join(state, "files"), files.join(SEPARATOR));
}

export function readList({ state }: JobFolder): readonly string[] | undefined {
  try {
    const text = readFileSync(join(state, "files"), "utf8");
    return text === "" ? [] : text.split(SEPARATOR);
  } catch {
    return undefined;
  }
}

/** Takes the journal away once the result holds all of it. */
export function dropJournal({ state }: JobFolder): void {
  const journal = join(state, "journal");
  if (!existsSync(journal)) return;
  // Half a journal must never be taken for a whole one.
  const gone = join(state, "journal.gone");
  rmSync(gone, { recursive: true, force: true });
  renameSync(journal, gone);
  rmSync(gone, { recursive: true, force: true });
}
