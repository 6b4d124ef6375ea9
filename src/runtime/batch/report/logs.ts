/** Azure's log folder of a batch job: what the script said, and how each mini-batch went. @source azureml-contract 5.7 */

import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { makeFolder } from "../../../core/machine/make-folder.ts";
import type { WriteLine } from "../../scripts/log-lines.ts";
import type { Entry } from "../journal/ledger.ts";

export type JobLogs = {
  /** Takes away what an earlier start said of its end: the job goes on. */
  readonly begin: () => void;
  readonly streams: (worker: number) => { readonly stdout: WriteLine; readonly stderr: WriteLine };
  readonly entry: (entry: Entry) => void;
  readonly error: (text: string) => void;
  readonly overview: (text: string) => void;
  readonly result: (text: string) => void;
};

const README = `job_progress_overview.txt   how far the job was, line by line
job_result.txt              how it ended
job_error.txt               why it failed, where it did
sys/job_report/             one row for each mini-batch
sys/node/<node>/            the same by worker
user/error.txt              what the script raised
user/stdout, user/stderr    what the script printed, by node and process
`;

const COLUMNS =
  "mini_batch,process,files,succeeded_items,failed_items,rows,tries,read_ms,run_ms,write_ms\n";

export type JobLogsOptions = {
  readonly root: string;
  readonly node: string;
  /** The time as text. */
  readonly stamp: () => string;
  /** Whether they are this process's to write. */
  readonly held: () => boolean;
};

/** They are for people: a full disk does not stop a job by them. */
export function createJobLogs({ root, node, stamp, held }: JobLogsOptions): JobLogs {
  const folder = join(root, "logs");
  const made = new Set<string>();
  const append = (path: string, text: string, head = ""): void => {
    if (!held()) return;
    const file = join(folder, path);
    try {
      if (!made.has(file)) {
        makeFolder(dirname(file));
        if (head !== "") startWith(file, head);
        made.add(file);
      }
      appendFileSync(file, text);
    } catch {
      // What counts is in the journal.
    }
  };
  const replace = (path: string, text: string): void => {
    if (!held()) return;
    try {
      makeFolder(folder);
      writeFileSync(join(folder, path), text);
    } catch {
      // As above.
    }
  };
  replace("readme.txt", README);
  return {
    begin: () => {
      if (!held()) return;
      for (const path of ["job_error.txt", "job_result.txt"]) remove(join(folder, path));
    },
    streams: (worker) => {
      const to = (kind: string): WriteLine => {
        const path = `user/${kind}/${node}/${processName(worker)}.${kind}.txt`;
        return (_level, line) => append(path, `${line}\n`);
      };
      return { stdout: to("stdout"), stderr: to("stderr") };
    },
    entry: (entry) => {
      const { id, worker, files, failedItems, rows, tries, timing } = entry;
      const failed = failedItems + new Set(entry.errors.flatMap(({ file }) => file ?? [])).size;
      const { readMs, runMs, writeMs } = timing;
      const times = [readMs, runMs, writeMs].map((ms) => ms.toFixed(1));
      const row = [id, processName(worker), files, files - failed, failed, rows, tries, ...times];
      append("sys/job_report/processed_mini-batches.csv", `${row.join(",")}\n`, COLUMNS);
      append(
        `sys/node/${node}/${processName(worker)}.txt`,
        `${stamp()} mini-batch ${id}: ${files} items, ${files - failed} succeeded, ${failed} failed, ${tries} tries, run ${times[1]} ms\n`,
      );
      for (const { path, message } of entry.errors) {
        append(
          "user/error.txt",
          `${stamp()} mini-batch ${id}${path ? `, ${path}` : ""}: ${message}\n`,
        );
      }
    },
    error: (text) => append("job_error.txt", `${stamp()} ${text}\n`),
    overview: (text) => append("job_progress_overview.txt", `${stamp()} ${text}\n`),
    result: (text) => replace("job_result.txt", `${text}\n`),
  };
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // A disk that takes nothing more: the journal says so.
  }
}

function processName(worker: number): string {
  return `process${String(worker).padStart(3, "0")}`;
}

function startWith(file: string, head: string): void {
  try {
    writeFileSync(file, head, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
