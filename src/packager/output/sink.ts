/** Where do the images go: into a file, a folder, or the engine of this machine? */

import { open } from "node:fs/promises";

import { userError } from "../../core/problem.ts";
import { archiveChunks, archiveEntries } from "../image/archive.ts";
import type { ArchiveParts } from "../image/archive.ts";
import { contextEntries } from "../image/dockerfile.ts";
import { openEngineOf } from "../engine/open-engine.ts";
import type { OutputFiles } from "./output-files.ts";
import { claimFolder } from "./output-folder.ts";
import type { PackOptions } from "../pack-options.ts";
import { printReference } from "../image/reference.ts";

export type Sink = {
  readonly write: (images: ArchiveParts) => Promise<void>;
  /** Gives what was written its name. */
  readonly commit: () => Promise<void>;
  readonly discard: () => Promise<void>;
};

type Place = {
  /** Absent for the engine. */
  readonly path: string | undefined;
  readonly outputs: OutputFiles;
};

const nothing = (): Promise<void> => Promise.resolve();

/** Claims the place before the long work. @throws UserError */
export async function openSink(
  { output, env, packageRoot }: PackOptions,
  { path, outputs }: Place,
): Promise<Sink> {
  if (output.kind === "docker" || path === undefined) {
    const engine = await openEngineOf(env)();
    return {
      write: (images) => engine.load(archiveChunks(images), printReference(images.reference)),
      commit: nothing,
      discard: nothing,
    };
  }
  if (output.kind === "archive") {
    await outputs.claim(path);
    await refuseForeign(path);
    return {
      write: (images) => outputs.write(path, archiveChunks(images)),
      commit: nothing,
      discard: nothing,
    };
  }
  const layout = output.kind === "oci";
  const folder = await claimFolder(path, layout ? "oci-layout" : "module.json");
  return {
    write: async (images) =>
      folder.write(layout ? archiveEntries(images) : await contextEntries(images, packageRoot)),
    commit: folder.commit,
    discard: folder.discard,
  };
}

/** An image takes the place of an image before, or of an empty file; never of a spec or a model. */
async function refuseForeign(path: string): Promise<void> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return;
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(TAR_MAGIC.end) });
    if (bytesRead === 0) return;
    if (buffer.subarray(TAR_MAGIC.start).toString("latin1") === TAR_MAGIC.text) return;
  } finally {
    await file.close();
  }
  throw userError("BUILD_OUTPUT", `${path} is there already, and is no image archive.`, {
    hint: "Name another place, or remove the file.",
  });
}

/** @source POSIX ustar header: offset 257 */
const TAR_MAGIC = { start: 257, end: 262, text: "ustar" } as const;
