/** How does a folder of a build appear? Whole, in the place of an older one of its kind, or not at all. */

import { createWriteStream } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeFolder } from "../../core/machine/make-folder.ts";
import { userError } from "../../core/problem.ts";
import { canonicalEntries } from "../entry.ts";
import type { Entry } from "../entry.ts";
import { draftPath, removeDrafts, replacedPath } from "../leftovers.ts";
import { outputFault } from "./output-files.ts";

export type OutputFolder = {
  readonly write: (entries: readonly Entry[]) => Promise<void>;
  readonly commit: () => Promise<void>;
  readonly discard: () => Promise<void>;
};

/**
 * @param mark a file that folders of this kind have: no other folder is replaced
 * @throws UserError where something else stands there
 */
export async function claimFolder(path: string, mark: string): Promise<OutputFolder> {
  const draft = draftPath(path);
  const old = replacedPath(draft);
  try {
    await removeDrafts(dirname(path));
    await refuseOthers(path, mark);
    makeFolder(draft);
  } catch (error) {
    throw outputFault(error, path);
  }
  return {
    write: async (entries) => {
      try {
        for (const entry of canonicalEntries(entries)) await writeEntry(draft, entry);
      } catch (error) {
        throw outputFault(error, path);
      }
    },
    commit: async () => {
      try {
        if ((await stat(path).catch(() => undefined)) !== undefined) await rename(path, old);
        await rename(draft, path);
        await rm(old, { recursive: true, force: true });
      } catch (error) {
        throw outputFault(error, path);
      }
    },
    discard: () => rm(draft, { recursive: true, force: true }),
  };
}

async function refuseOthers(path: string, mark: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return;
  const names = stats.isDirectory() ? await readdir(path) : undefined;
  if (names !== undefined && (names.length === 0 || names.includes(mark))) return;
  const what = names === undefined ? "a file" : `a folder without ${mark}`;
  throw userError("BUILD_OUTPUT", `${path} is ${what}; it is not replaced.`, {
    hint: "Name a folder that is not there yet.",
  });
}

async function writeEntry(folder: string, entry: Entry): Promise<void> {
  const path = join(folder, entry.path);
  if (entry.kind === "symlink") return symlink(entry.target, path);
  if (entry.kind === "directory") await mkdir(path, { recursive: true });
  else if ("bytes" in entry.content) await pipeline([entry.content.bytes], createWriteStream(path));
  else await copyFile(entry.content.file, path);
  // The umask of whoever builds decides nothing.
  return chmod(path, entry.mode);
}
