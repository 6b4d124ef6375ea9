/** Entries of tars and blobs, read back. */

import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { writeFile } from "node:fs/promises";
import type { BlobStore } from "../../../src/packager/blob-store.ts";
import type { Entry } from "../../../src/packager/entry.ts";
import { tarChunks } from "../../../src/packager/image/tar.ts";
import type { Layer } from "../../../src/packager/image/layer.ts";
import { bytesOf, unpackTar } from "../../../src/packager/unpack.ts";

export type ReadBack = { kind: string; executable: boolean; target: string; text: string };

/** What tar-stream, somebody else's reader, finds in our tar. */
export async function readBack(
  entries: readonly Entry[],
  folder: string,
): Promise<Map<string, ReadBack>> {
  const file = join(folder, "read-back.tar");
  await pipeline(tarChunks(entries), createWriteStream(file));
  return readTar(file);
}

export async function readTar(file: string): Promise<Map<string, ReadBack>> {
  const found = new Map<string, ReadBack>();
  await unpackTar({ file, gzip: false }, async ({ path, bytes, ...rest }) => {
    found.set(path, { ...rest, text: (await bytesOf(bytes)).toString() });
  });
  return found;
}

export async function readLayer(
  layer: Pick<Layer, "digest">,
  blobs: BlobStore,
  folder: string,
): Promise<Map<string, ReadBack>> {
  const file = join(folder, "layer.tar");
  await writeFile(file, gunzipSync(await readFile(blobs.path(layer.digest))));
  return readTar(file);
}
