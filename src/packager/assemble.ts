/** How do an endpoint and a lock become images in the cache? Plan → base → layers → one image a platform. */

import { join } from "node:path";
import type { ResolvedEndpoint } from "../spec/resolved.ts";
import { lockedBase } from "./base/locked-base.ts";
import type { LockedBase, ToolVersions } from "./base/locked-base.ts";
import { createBlobStore } from "./blob-store.ts";
import type { BlobStore, Digest } from "./blob-store.ts";
import type { ImageIndex } from "./image/image.ts";
import { createLayerStore } from "./image/layer.ts";
import { timestamp } from "./image/timestamp.ts";
import { buildImages } from "./images.ts";
import { installedPackage, packageVersion } from "./layers/installed-package.ts";
import type { AssembleOptions } from "./pack-options.ts";
import { planImage } from "./plan.ts";
import { recipeDigest } from "./recipe.ts";

export type Assembled = {
  readonly index: ImageIndex;
  readonly base: LockedBase;
  readonly versions: ToolVersions;
  /** RFC 3339. */
  readonly created: string;
  readonly blobs: BlobStore;
  /** Layers that were not in the cache before. */
  readonly made: ReadonlySet<Digest>;
};

type Places = {
  /** For what is unpacked on the way. */
  readonly folder: string;
  readonly lockFile: string;
  /** Told of the base before the long work, so that a new lock can be written. */
  readonly onBase?: (base: LockedBase) => Promise<void>;
};

/** @throws UserError */
export async function assemble(
  endpoint: ResolvedEndpoint,
  options: AssembleOptions,
  { folder, lockFile, onBase }: Places,
): Promise<Assembled> {
  const { packageRoot, platforms, frozen, run, progress, cacheFolder } = options;
  const plan = planImage(endpoint, options.models);
  const blobs = createBlobStore(join(cacheFolder, "blobs"));
  const versions = await toolVersions(packageRoot);
  const named =
    options.base === undefined
      ? {}
      : { base: options.base.text, workingFolder: options.base.folder };
  const { env, signal } = options;
  const { python } = plan;
  const given = { platforms, frozen, run, progress, env, signal };
  const request = { ...given, store: blobs, folder, python, ...named };
  const base = await lockedBase(lockFile, versions, request);
  await onBase?.(base);
  const created = timestamp(options.createdEpochSeconds);
  const layers = { blobs, folder: join(cacheFolder, "layers"), recipe: await recipeDigest() };
  const store = createLayerStore(layers);
  const index = await buildImages({ plan, base, created, store, blobs, folder }, options);
  return { index, base, versions, created, blobs, made: store.made };
}

async function toolVersions(packageRoot: string): Promise<ToolVersions> {
  return {
    edgewright: (await packageVersion(packageRoot)) ?? "0.0.0",
    onnxruntime: (await installedPackage(packageRoot, "onnxruntime-node")).version,
  };
}
