/** May this process work on the job? Whose folder it is, and who works in it. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { userError } from "../../../core/problem.ts";
import { readDone } from "./done.ts";
import { makeState } from "./folder.ts";
import type { JobFolder, JobIdentity } from "./folder.ts";
import type { JobOptions } from "../job-options.ts";
import { isLease, takeLease } from "./lease.ts";
import type { Lease } from "./lease.ts";
import { beatAge, createPulse, STALE_MS } from "./pulse.ts";

/** Between two looks at who works on it. */
const WAIT_MS = 1_000;

export function identityOf(options: JobOptions): JobIdentity {
  const { endpoint, deployment, job, input, shard } = options;
  const { miniBatchSize, outputAction, outputFileName, format } = options.settings;
  const fixed = { miniBatchSize, outputAction, outputFileName, format };
  return { format: 1, endpoint, deployment, job, input, fixed, shard: shard ?? null };
}

/**
 * Makes the folder.
 *
 * @throws UserError where the input is absent, or the output cannot be written; Error of a full disk
 */
export function reachable({ input }: JobOptions, folder: JobFolder): void {
  if (!existsSync(input)) {
    throw userError("BATCH_INPUT", `${input} does not exist`, {
      hint: "Give --input a file or a folder that is there.",
    });
  }
  makeState(folder);
}

/** What there is in place of a lease: the job is done, or it was asked to stop while it waited. */
export type NoLease = "done" | "stopped";

/** Alone, a job that somebody works on is refused; a shard waits for it, and takes it over. */
export async function leaseOf(options: JobOptions, { state }: JobFolder): Promise<Lease | NoLease> {
  const { host, pid, clock, shard, signal, log } = options;
  const waits = shard !== undefined || options.waits === true;
  const file = join(state, "lease");
  const pulse = createPulse(file, clock);
  let told = false;
  for (;;) {
    if (readDone(state) !== undefined) return "done";
    const taken = takeLease({ file, host, pid, clock, pulse });
    if (isLease(taken)) return taken;
    const who = `process ${taken.pid} on ${taken.host}`;
    if (signal.aborted) return "stopped";
    const age = beatAge(file, clock);
    // Old, or of the future: a holder that is gone, or a clock that is wrong. Watching it tells which.
    const inDoubt = (age < 0 || age > STALE_MS) && !pulse.beats();
    if (!waits && !inDoubt) {
      throw userError("BATCH_BUSY", `${who} works on this job right now`, {
        hint: "Wait for it to end, or stop it.",
      });
    }
    if (!told)
      log.info(
        `${who} works on this job${inDoubt ? ", or did: it is watched whether it still does" : ": waiting"}`,
      );
    told = true;
    await wait(WAIT_MS, undefined, { signal }).catch(() => undefined);
  }
}
