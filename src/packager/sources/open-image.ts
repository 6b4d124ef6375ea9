/** How does an image that somebody names become something to look into? */

import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { userError } from "../../core/problem.ts";
import type { Engine } from "../engine/engine.ts";
import { writeFileFrom } from "../write-file.ts";
import type { ImageSource } from "./image-source.ts";
import { storedImages } from "./stored-image.ts";
import type { StoredImage } from "./stored-image.ts";
import { unpackArchive } from "./unpack-archive.ts";

export type OpenOptions = {
  /** For what is unpacked; the caller removes it. */
  readonly folder: string;
  /** Of this machine, asked for only where it is needed. */
  readonly engine: () => Promise<Engine>;
  /** Ends the unpacking. */
  readonly signal?: AbortSignal | undefined;
};

/** @throws UserError */
export async function openImages(
  source: ImageSource,
  { folder, engine, signal }: OpenOptions,
): Promise<readonly StoredImage[]> {
  if (source.kind === "layout") return storedImages(source.folder, source.folder);
  const place = await mkdtemp(join(folder, "image-"));
  const unpacked = join(place, "unpacked");
  await mkdir(unpacked);
  if (source.kind === "archive") {
    await unpackArchive(source.file, unpacked, signal);
    return storedImages(unpacked, source.file);
  }
  const file = join(place, "saved.tar");
  const { save } = await engine();
  await writeFileFrom(file, (await save(source.reference)) as AsyncIterable<Buffer>);
  await unpackArchive(file, unpacked, signal);
  return storedImages(unpacked, `docker-daemon:${source.reference}`);
}

/** @throws UserError that names the platforms there are, or where several images are for this one */
export function imageFor(
  images: readonly StoredImage[],
  platform: string,
  name: string,
): StoredImage {
  const fitting = images.filter((image) => image.platform === platform);
  const [found] = fitting;
  const different = new Set(fitting.map(({ config }) => config.digest)).size;
  if (different > 1)
    throw userError("IMAGE_PLATFORM", `${name} has ${different} images for ${platform}.`, {
      hint: "Name a file or folder with one of them, as docker save NAME or skopeo copy write it.",
    });
  if (found !== undefined) return found;
  const known = images.map((image) => image.platform).join(", ");
  throw userError("IMAGE_PLATFORM", `${name} has ${known || "no image"}, and not ${platform}.`, {
    hint: "Name one of its platforms with --platform.",
  });
}
