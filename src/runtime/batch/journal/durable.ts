/** How does a file come to be there, whole, or not at all, also over a power cut? */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export type DurableFile = {
  readonly write: (bytes: Uint8Array) => void;
  /** The file is there under its name when this returns. */
  readonly commit: () => void;
  readonly abandon: () => void;
};

/** @throws Error with its `code` where the folder cannot be written, or the disk is full */
export function createDurably(path: string): DurableFile {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w");
  return {
    write: (bytes) => {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    },
    commit: () => {
      fsyncSync(file);
      closeSync(file);
      renameSync(temporary, path);
      syncFolder(dirname(path));
    },
    abandon: () => {
      closeSync(file);
      rmSync(temporary, { force: true });
    },
  };
}

export function writeDurably(path: string, text: string): void {
  const file = createDurably(path);
  try {
    file.write(Buffer.from(text));
  } catch (error) {
    file.abandon();
    throw error;
  }
  file.commit();
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  fsyncSync(folder);
  closeSync(folder);
}
