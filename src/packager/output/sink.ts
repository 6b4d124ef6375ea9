/** Where do the images go: into a file, a folder, or the engine of this machine? */

import { archiveChunks, archiveEntries } from "../image/archive.ts";
import type { ArchiveParts } from "../image/archive.ts";
import { contextEntries } from "../image/dockerfile.ts";
import { openEngineOf } from "../engine/open-engine.ts";
import { claimArchive } from "./archive-place.ts";
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
    await claimArchive(path, outputs);
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
