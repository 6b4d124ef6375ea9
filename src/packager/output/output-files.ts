/** How do the files of a build appear? All at once, when everything in them is right, or not at all. */

import { createWriteStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeFolder } from "../../core/machine/make-folder.ts";
import { UserError, userError } from "../../core/problem.ts";
import { draftPath, removeDrafts } from "../leftovers.ts";

export type OutputFiles = {
  /** Claims a place early: an unwritable folder is found before the long work. */
  readonly claim: (path: string) => Promise<void>;
  readonly write: (path: string, chunks: AsyncIterable<Uint8Array> | string) => Promise<void>;
  /** Gives the written files their names. */
  readonly commit: () => Promise<void>;
  /** Removes what has no name yet, and folders made for it. */
  readonly discard: () => Promise<void>;
};

export function createOutputFiles(): OutputFiles {
  const drafts = new Map<string, string>();
  const written = new Set<string>();
  const folders: string[] = [];

  const claim = async (path: string): Promise<string> => {
    const known = drafts.get(path);
    if (known !== undefined) return known;
    const draft = draftPath(path);
    try {
      const stats = await stat(path).catch(() => undefined);
      if (stats?.isDirectory() === true) throw outputError(path, "is a folder");
      // The new name would take the place of a device or a pipe.
      if (stats?.isFile() === false) throw outputError(path, "is no file; it is not replaced");
      const made = makeFolder(dirname(path));
      if (made !== undefined) folders.push(made);
      else await removeDrafts(dirname(path));
      await (await open(draft, "wx")).close();
    } catch (error) {
      throw outputFault(error, path);
    }
    drafts.set(path, draft);
    return draft;
  };

  return {
    claim: async (path) => void (await claim(path)),
    write: async (path, chunks) => {
      const draft = await claim(path);
      const source = typeof chunks === "string" ? [Buffer.from(chunks)] : chunks;
      try {
        await pipeline(source, createWriteStream(draft));
      } catch (error) {
        throw outputFault(error, path);
      }
      written.add(path);
    },
    commit: async () => {
      for (const path of written) {
        try {
          await rename(drafts.get(path) ?? "", path);
        } catch (error) {
          throw outputFault(error, path);
        }
        drafts.delete(path);
      }
      folders.length = 0;
    },
    discard: async () => {
      for (const draft of drafts.values()) await rm(draft, { force: true });
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the system may refuse; anything else is a defect of ours. */
const REFUSALS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the file system is read-only",
  ENOENT: "no file can be made there, or a link in the path leads nowhere",
  ELOOP: "its links lead in a circle",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a part of the path is a file",
  ENAMETOOLONG: "the name is too long",
  EISDIR: "it is a folder",
  EFBIG: "the file is too large for the file system",
};

/** An error of the file system as a user's fault, where it is one. */
export function outputFault(error: unknown, path: string): unknown {
  return asFault(error, (refusal) => outputError(path, `cannot be written: ${refusal}`));
}

export type WorkPlaces = {
  /** Of builds. */
  readonly cacheFolder?: string;
  readonly temporaryFolder: string;
};

/** The same of what is kept on the way, with the setting that moves it. */
export function workFault(error: unknown, { cacheFolder, temporaryFolder }: WorkPlaces): unknown {
  const { path } = error as { readonly path?: string };
  const places = [
    ["cache", cacheFolder, "XDG_CACHE_HOME"],
    ["temporary folder", temporaryFolder, "TMPDIR"],
  ] as const;
  const known = places.find(([, folder]) => folder !== undefined && path?.startsWith(folder + sep));
  return asFault(error, (refusal) => {
    if (known === undefined) {
      const folders = [cacheFolder, temporaryFolder].filter((folder) => folder !== undefined);
      const where = path ?? `A file in ${folders.join(" or ")}`;
      return outputError(where, `cannot be written: ${refusal}`);
    }
    const [what, folder, setting] = known;
    return userError("BUILD_OUTPUT", `The ${what} ${folder} cannot be written: ${refusal}.`, {
      hint: `Make room and rights there, or let ${setting} name a folder elsewhere.`,
    });
  });
}

function asFault(error: unknown, fault: (refusal: string) => UserError): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  const refusal = REFUSALS[code];
  return error instanceof UserError || refusal === undefined
    ? error
    : fault(`${refusal} (${code})`);
}

function outputError(path: string, fault: string): UserError {
  return userError("BUILD_OUTPUT", `${path} ${fault}.`, {
    hint: "Name another place, or make room and rights there.",
  });
}
