/** How does a base get to a machine without a network? As an OCI archive that builds take as --base. */

import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Problem } from "../core/problem.ts";
import type { Platform } from "../spec/resolved.ts";
import { baseLayers } from "./base/layers.ts";
import { LOCK_FILE } from "./base/lock.ts";
import { lockedBase } from "./base/locked-base.ts";
import { createBlobStore } from "./blob-store.ts";
import { archiveChunks } from "./image/archive.ts";
import { imageOf, indexOf } from "./image/image.ts";
import type { Image, ImageConfig } from "./image/image.ts";
import { createLayerStore } from "./image/layer.ts";
import { timestamp } from "./image/timestamp.ts";
import { claimArchive } from "./output/archive-place.ts";
import { createOutputFiles, workFault } from "./output/output-files.ts";
import type { AssembleOptions } from "./pack-options.ts";
import { recipeDigest } from "./recipe.ts";
import { makeWorkFolder } from "./leftovers.ts";

export type SaveOptions = Pick<
  AssembleOptions,
  | "cacheFolder"
  | "temporaryFolder"
  | "workingFolder"
  | "platforms"
  | "run"
  | "progress"
  | "env"
  | "hostPlatform"
  | "signal"
> & {
  /** `assembled`, or an image: `docker-daemon:REF`. */
  readonly base: string;
  readonly file: string;
};

export type SavedBase = {
  readonly file: string;
  readonly digest: string;
  readonly images: readonly { readonly platform: Platform; readonly bytes: number }[];
  readonly problems: readonly Problem[];
};

/** @throws UserError */
export async function saveBase(options: SaveOptions): Promise<SavedBase> {
  const { cacheFolder, temporaryFolder, workingFolder } = options;
  const outputs = createOutputFiles();
  const file = resolve(workingFolder, options.file);
  let folder;
  try {
    folder = await makeWorkFolder(temporaryFolder);
    await claimArchive(file, outputs);
    const blobs = createBlobStore(join(cacheFolder, "blobs"));
    const { images, problems } = await baseImages(options, folder);
    const index = indexOf(images);
    const reference = { repository: "edgewright-base", tag: index.digest.slice(7, 19) };
    await outputs.write(
      file,
      archiveChunks({ index, reference, host: options.hostPlatform, blobs }),
    );
    options.signal?.throwIfAborted();
    await outputs.commit();
    const sizes = images.map(({ platform, layers }) => ({
      platform,
      bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    }));
    return { file, digest: index.digest, images: sizes, problems };
  } catch (error) {
    // Programs that a signal ended fail in words of their own.
    options.signal?.throwIfAborted();
    throw workFault(error, options);
  } finally {
    await outputs.discard();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function baseImages(
  options: SaveOptions,
  folder: string,
): Promise<{ readonly images: readonly Image[]; readonly problems: readonly Problem[] }> {
  const { cacheFolder, platforms, base: text, run, progress } = options;
  const blobs = createBlobStore(join(cacheFolder, "blobs"));
  const request = { ...options, base: text, frozen: false, store: blobs, folder };
  const versions = { edgewright: "", onnxruntime: "" };
  // A lock of an earlier build does not decide what is saved: the newest is.
  const base = await lockedBase(join(folder, LOCK_FILE), versions, request);
  const place = { blobs, folder: join(cacheFolder, "layers"), recipe: await recipeDigest() };
  const store = createLayerStore(place);
  const created = timestamp(0);
  const images: Image[] = [];
  for (const platform of platforms) {
    const layers = [];
    for (const source of baseLayers(
      { lock: base.lock.base, store: blobs, run, folder },
      platform,
    )) {
      progress(`${platform}: ${source.name}`);
      layers.push(await store.layer(source));
    }
    images.push(imageOf({ platform, config: bareConfig(base.node, base.title), created, layers }));
  }
  return { images, problems: base.problems };
}

function bareConfig(node: string, title: string): ImageConfig {
  return {
    user: "10001:10001",
    entrypoint: [node],
    workingDir: "/",
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    ports: [],
    labels: { "io.edgewright.base": title },
    stopSignal: "SIGTERM",
  };
}
