/** What a finished job leaves behind: that it is done, and what `merge` needs of it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { writeDurably } from "./durable.ts";
import type { Report } from "../report/report.ts";

export type Done = {
  /** What the format's rows begin with, and the bytes it takes in the result. */
  readonly head: string;
  readonly headBytes: number;
  readonly rows: number;
  /** Of the result; null where there is none. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly report: Report;
};

const FILE = "done.json";

export function writeDone(state: string, done: Done): void {
  writeDurably(join(state, FILE), `${JSON.stringify(done)}\n`);
}

export function readDone(state: string): Done | undefined {
  try {
    return JSON.parse(readFileSync(join(state, FILE), "utf8")) as Done;
  } catch {
    return undefined;
  }
}
