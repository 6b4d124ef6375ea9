/** The shards of a job as a merge finds them: all of one job, none missing, each at its end. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { userError } from "../../../core/problem.ts";
import { readDone } from "../journal/done.ts";
import type { Done } from "../journal/done.ts";
import { readIdentity } from "../journal/folder.ts";
import type { JobIdentity } from "../journal/folder.ts";
import { readProgress } from "../report/progress.ts";
import type { Report } from "../report/report.ts";
import type { Shard } from "../settings.ts";
import { shardFolder } from "./shards.ts";
import { shardRoots } from "../report/status.ts";

export type Part = {
  readonly root: string;
  readonly identity: JobIdentity & { readonly shard: Shard };
  readonly report: Report;
  /** Absent where it stopped because more of its files failed than may. */
  readonly done?: Done;
};

type Found = Omit<Part, "report" | "done"> & { readonly state: string };

/** In the order of their indexes. @throws UserError BATCH_MERGE */
export function partsOf(output: string): readonly [Part, ...(readonly Part[])] {
  const known = shardRoots(output).map(shardAt);
  const [first] = known;
  if (first === undefined) throw mergeRefusal(`there is no shard in ${output}`);
  const { count } = first.identity.shard;
  for (const { root, identity } of known) {
    if (identity.shard.count !== count) {
      throw mergeRefusal(
        `${root} is one of ${identity.shard.count} shards, ${first.root} one of ${count}`,
      );
    }
    if (identityText(identity) !== identityText(first.identity)) {
      throw mergeRefusal(`${root} is of another job than ${first.root}`);
    }
  }
  const partAt = (index: number): Part => {
    const part = known.find(({ identity }) => identity.shard.index === index);
    if (part !== undefined) return ended(part);
    const place = join(output, shardFolder({ index, count }));
    throw mergeRefusal(`shard ${index} of ${count} is missing: ${place}`);
  };
  return [partAt(0), ...Array.from({ length: count - 1 }, (_, before) => partAt(before + 1))];
}

function shardAt(root: string): Found {
  const state = join(root, ".edgewright");
  const identity = readIdentity({ state });
  const shard = identity?.shard;
  if (identity === undefined || !shard) throw mergeRefusal(`${root} is no shard of a job`);
  return { root, state, identity: { ...identity, shard } };
}

function ended({ state, ...part }: Found): Part {
  const done = readDone(state);
  if (done !== undefined) return { ...part, report: done.report, done };
  const verdict = readProgress(state)?.verdict ?? "not begun";
  const report = verdict === "threshold" ? readReport(part.root) : undefined;
  if (report !== undefined) return { ...part, report };
  const { index, count } = part.identity.shard;
  throw mergeRefusal(`shard ${index} of ${count} is not complete, but ${verdict}`);
}

function readReport(root: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(join(root, "report.json"), "utf8")) as Report;
  } catch {
    return undefined;
  }
}

/** What all shards of one job have in common. */
function identityText({ endpoint, deployment, job, input, fixed }: JobIdentity): string {
  return JSON.stringify([endpoint, deployment, job, input, fixed]);
}

export function mergeRefusal(message: string, hint?: string) {
  return userError("BATCH_MERGE", message, {
    hint:
      hint ??
      "run every shard of the job to its end with the same --output, then merge that folder",
  });
}
