/** Where does a build keep what has no name yet, so that a later one removes what a killed one has left? */

import { randomUUID } from "node:crypto";
import { lstat, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isGone, OWNER_MARK, ownerMark } from "../core/machine/owner.ts";

const DRAFT = new RegExp(
  `^\\.(?<name>.+)\\.(?<mark>${OWNER_MARK.source})-[0-9a-f]{8}\\.part(?<old>\\.old)?$`,
  "u",
);
const WORK = new RegExp(`^edgewright-(?<mark>${OWNER_MARK.source})-\\w{6}$`, "u");

/** A place beside an output, to take its name later. */
export function draftPath(path: string): string {
  const own = randomUUID().slice(0, 8);
  return join(dirname(path), `.${basename(path)}.${ownerMark()}-${own}.part`);
}

/** Where the output that is replaced waits until the new one has its name. */
export function replacedPath(draft: string): string {
  return `${draft}.old`;
}

/** Those of processes that have ended, with any name. */
export async function removeDrafts(folder: string): Promise<void> {
  for (const entry of await ownNames(folder)) {
    const { name, mark, old } = DRAFT.exec(entry)?.groups ?? {};
    if (name === undefined || mark === undefined || !isGone(mark)) continue;
    const path = join(folder, entry);
    const place = join(folder, name);
    // It was killed between two names: what was there before goes back.
    if (old !== undefined && !(await isThere(place))) await quietly(rename(path, place));
    else await quietly(rm(path, { recursive: true, force: true }));
  }
}

/** For what is unpacked on the way; those of processes that have ended go. */
export async function makeWorkFolder(temporaryFolder: string): Promise<string> {
  for (const entry of await ownNames(temporaryFolder)) {
    const mark = WORK.exec(entry)?.groups?.["mark"];
    if (mark !== undefined && isGone(mark))
      await quietly(rm(join(temporaryFolder, entry), { recursive: true, force: true }));
  }
  return mkdtemp(join(temporaryFolder, `edgewright-${ownerMark()}-`));
}

/** Of files and folders that are this user's. */
async function ownNames(folder: string): Promise<readonly string[]> {
  const own: string[] = [];
  for (const name of await readdir(folder).catch(() => []))
    if (DRAFT.test(name) || WORK.test(name)) {
      const stats = await lstat(join(folder, name)).catch(() => undefined);
      if (stats !== undefined && stats.uid === process.getuid?.()) own.push(name);
    }
  return own;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Another build may be at it, or the rights are gone: whoever comes next tries again. */
async function quietly(work: Promise<void>): Promise<void> {
  await work.catch(() => undefined);
}
