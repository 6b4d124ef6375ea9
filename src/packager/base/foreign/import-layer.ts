/** Is a layer that somebody else made what it says, and what does it hold that matters to us? */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { Blob, BlobStore } from "../../blob-store.ts";
import { createCompressor, equalPieces, withoutSystem } from "../../image/gzip.ts";
import type { LayerBlob } from "../../image/layer.ts";
import { imageFault, zstdFault } from "../../sources/image-fault.ts";
import { packingOf } from "../../sources/packing.ts";
import { NoPlainFile } from "../../sources/plain-file.ts";
import type { StoredLayer } from "../../sources/stored-image.ts";
import { layerRules } from "../layer-rules.ts";
import { limitGrowth, tap } from "../../sources/growth.ts";
import { archiveFault } from "../../sources/unpack-archive.ts";
import { unpackStream } from "../../unpack.ts";
import type { TarMember } from "../../unpack.ts";

/** @source opencontainers/image-spec: layer.md; distribution: manifest-v2-2.md. Absent in old layouts. */
const LAYER_TYPE =
  /^(?:|application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar(?:\+gzip)?|docker\.image\.rootfs\.(?:diff|foreign\.diff)\.tar(?:\.gzip)?))$/u;

export type LayerLook = (member: TarMember) => void | Promise<void>;

/** A layer without history is called `layer 3` already. */
export function layerTitle(image: string, { name }: StoredLayer): string {
  return `${image}, ${/^layer \d+$/u.test(name) ? name : `layer ${name}`}`;
}

/** Reads the whole layer, proves its digests, and shows each member. @throws UserError */
export async function readStoredLayer(
  layer: StoredLayer,
  image: string,
  look: LayerLook,
): Promise<void> {
  const { file, digest, diffId } = layer;
  const title = layerTitle(image, layer);
  if (layer.mediaType.includes("zstd")) throw zstdFault(title);
  if (!LAYER_TYPE.test(layer.mediaType))
    throw imageFault(title, `is of the unknown type "${layer.mediaType}", no layer of files`);
  const packed = createHash("sha256");
  const unpacked = createHash("sha256");
  const packing = await packingOf(file).catch((error: unknown) => {
    const isThere = error instanceof NoPlainFile;
    throw imageFault(title, isThere ? `is no plain file at ${digest}` : `is not at ${digest}`);
  });
  if (packing === "zstd") throw zstdFault(title);
  if (packing === "unknown") throw imageFault(title, "is neither a tar nor gzip");
  const gzip = packing === "gzip";
  const growth = limitGrowth(title);
  let read = 0;
  const counting = tap((chunk) => {
    read += chunk.length;
    growth.read(chunk.length);
    packed.update(chunk);
  });
  const growing = tap((chunk) => {
    growth.grown(chunk.length);
    unpacked.update(chunk);
  });
  try {
    const stages = [createReadStream(file), counting, ...(gzip ? [createGunzip()] : []), growing];
    const check = layerRules(title);
    await unpackStream(stages, async (member) => {
      check(member);
      await look(member);
    });
  } catch (error) {
    throw archiveFault(error, title);
  }
  const digests = [`sha256:${packed.digest("hex")}`, `sha256:${unpacked.digest("hex")}`];
  // The layers of a docker archive are named by what they are unpacked.
  if (digests[0] !== digest && (gzip || digest !== diffId))
    throw imageFault(title, `has the digest ${digests[0]}, not ${digest}`);
  if (read !== layer.bytes)
    throw imageFault(title, `has ${read} bytes, and its manifest says ${layer.bytes}`);
  if (digests[1] !== diffId)
    throw imageFault(title, `unpacks to ${digests[1]}, and the config says ${diffId}`);
}

/** The layer as a blob of the store: its own bytes where they are gzip, else compressed here. */
export async function importLayer(layer: StoredLayer, store: BlobStore): Promise<LayerBlob> {
  const { file, diffId } = layer;
  if ((await packingOf(file)) === "gzip")
    return { ...(await store.add(createReadStream(file))), diffId };
  let blob: Blob | undefined;
  const stages = [createReadStream(file), equalPieces, createCompressor()] as const;
  await pipeline(...stages, async (gzip: AsyncIterable<Uint8Array>) => {
    blob = await store.add(withoutSystem(gzip));
  });
  if (blob === undefined) throw new Error("the layer was not stored");
  return { ...blob, diffId };
}
