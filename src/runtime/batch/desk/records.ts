/** The jobs that were asked for, on the disk: a restart of the module forgets none of them. */

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { makeFolder } from "../../../core/machine/make-folder.ts";
import type { Log } from "../../../core/ports.ts";
import { ScoringError } from "../../../core/problem.ts";
import { writeDurably } from "../journal/durable.ts";
import { isOver } from "./record.ts";
import type { JobRecord } from "./record.ts";

export type JobRecords = {
  /** In the order they were asked for. */
  readonly all: () => readonly JobRecord[];
  readonly get: (id: string) => JobRecord | undefined;
  /** On the disk when it returns; nothing is kept where that fails. @throws ScoringError JOB_STORE */
  readonly add: (record: JobRecord) => void;
  /** In any case here; where the disk takes nothing, the next start finds it as it was before. */
  readonly change: (record: JobRecord) => void;
};

/** Those that are over, newest first; what they wrote stays in their output folders. */
const KEPT = 200;
const SUFFIX = ".json";

/** @param folder one file for each job; absent: there is no place, and nothing can be put */
export function openJobRecords(folder: string | undefined, log: Log): JobRecords {
  const records = new Map<string, JobRecord>();
  for (const record of folder === undefined ? [] : readRecords(folder, log)) {
    records.set(record.id, record);
  }
  const all = (): readonly JobRecord[] =>
    [...records.values()].toSorted((a, b) => a.number - b.number);
  const write = (record: JobRecord): void => {
    if (folder === undefined) throw new ScoringError("JOB_STORE", "the module has no data folder");
    try {
      makeFolder(folder);
      writeDurably(join(folder, record.id + SUFFIX), `${JSON.stringify(record)}\n`);
    } catch (error) {
      const message = `a job cannot be kept: ${(error as Error).message}`;
      throw new ScoringError("JOB_STORE", message, { cause: error });
    }
  };
  const forget = (): void => {
    const over = all().filter(isOver);
    for (const { id } of over.slice(0, Math.max(0, over.length - KEPT))) {
      if (folder !== undefined) rmSync(join(folder, id + SUFFIX), { force: true });
      records.delete(id);
    }
  };
  return {
    all,
    get: (id) => records.get(id),
    add: (record) => {
      write(record);
      records.set(record.id, record);
    },
    change: (record) => {
      records.set(record.id, record);
      try {
        write(record);
        forget();
      } catch (error) {
        log.error(`job ${record.id}: ${(error as Error).message}`);
      }
    },
  };
}

function readRecords(folder: string, log: Log): readonly JobRecord[] {
  return namesIn(folder).flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), "utf8")) as JobRecord];
    } catch (error) {
      log.warn(`a job is forgotten, ${name} cannot be read: ${(error as Error).message}`);
      return [];
    }
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
  } catch {
    return [];
  }
}
