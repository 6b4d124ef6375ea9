/** How does a list of entries become a layer blob, and when is that work already done? */

import { createHash } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Blob, BlobStore, Digest } from "../blob-store.ts";
import type { Entry } from "../entry.ts";
import type { LayerGroup, LayerSource, ReadyLayer } from "../layers/layer-source.ts";
import { draftPath, removeDrafts } from "../leftovers.ts";
import { writeFileFrom } from "../write-file.ts";
import { COMPRESSOR, createCompressor, equalPieces, withoutSystem } from "./gzip.ts";
import { tarChunks } from "./tar.ts";

export type Layer = {
  readonly name: string;
  readonly group: LayerGroup;
  /** Of the compressed tar. */
  readonly digest: Digest;
  readonly bytes: number;
  /** Digest of the tar itself: what engines check after unpacking. */
  readonly diffId: Digest;
};

export type LayerStore = {
  /** Makes a layer, unless it is made already or just being made. */
  readonly layer: (source: LayerSource | ReadyLayer) => Promise<Layer>;
  /** What was not there before. */
  readonly made: ReadonlySet<Digest>;
};

export type LayerPlace = {
  readonly blobs: BlobStore;
  /** One small file per layer that was made, named after its key. */
  readonly folder: string;
  /** Stands for the code that makes layers: other code, other keys. */
  readonly recipe: string;
};

/** What depends on the bytes alone. */
export type LayerBlob = Omit<Layer, "name" | "group">;

export function createLayerStore(place: LayerPlace): LayerStore {
  const making = new Map<string, Promise<LayerBlob>>();
  const made = new Set<Digest>();
  return {
    made,
    layer: async (source) => {
      if ("blob" in source) return { name: source.name, group: source.group, ...source.blob };
      const key = createHash("sha256")
        .update(`${COMPRESSOR}\n${place.recipe}\n${source.key}`)
        .digest("hex");
      const blob = making.get(key) ?? knownOrMade(source, key, { ...place, made });
      making.set(key, blob);
      return { name: source.name, group: source.group, ...(await blob) };
    },
  };
}

async function knownOrMade(
  source: LayerSource,
  key: string,
  { blobs, folder, made: madeNow }: LayerPlace & { readonly made: Set<Digest> },
): Promise<LayerBlob> {
  const record = join(folder, `${key}.json`);
  const known = await readRecord(record);
  if (known !== undefined && (await blobs.has(known.digest))) return known;
  const made = await makeLayer(await source.entries(), blobs);
  madeNow.add(made.digest);
  await mkdir(folder, { recursive: true });
  await removeDrafts(folder);
  const draft = draftPath(record);
  await writeFileFrom(draft, [Buffer.from(JSON.stringify(made))]);
  await rename(draft, record);
  return made;
}

export async function makeLayer(entries: readonly Entry[], blobs: BlobStore): Promise<LayerBlob> {
  const hash = createHash("sha256");
  const hashed = async function* (tar: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of equalPieces(tar)) {
      hash.update(chunk);
      yield chunk;
    }
  };
  let blob: Blob | undefined;
  await pipeline(tarChunks(entries), hashed, createCompressor(), async (gzip) => {
    blob = await blobs.add(withoutSystem(gzip as AsyncIterable<Uint8Array>));
  });
  if (blob === undefined) throw new Error("the layer was not stored");
  return { ...blob, diffId: `sha256:${hash.digest("hex")}` };
}

async function readRecord(path: string): Promise<LayerBlob | undefined> {
  try {
    const { digest, bytes, diffId } = JSON.parse(await readFile(path, "utf8")) as Layer;
    const whole = [digest, diffId].every((text) => /^sha256:[0-9a-f]{64}$/u.test(text));
    return whole && Number.isSafeInteger(bytes) ? { digest, bytes, diffId } : undefined;
  } catch {
    return undefined;
  }
}
