/** What kind of file holds rows, by its name. */

import { extname } from "node:path";

export type FileKind = "csv" | "jsonl" | "npy" | "raw";

const KINDS: Readonly<Record<string, FileKind>> = {
  ".csv": "csv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".npy": "npy",
};

/** Bare bytes of a tensor, where the name says nothing else. */
export function kindOf(path: string): FileKind {
  return KINDS[extname(path).toLowerCase()] ?? "raw";
}
