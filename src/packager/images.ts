/** How do plan and base become one image per platform, and the index over them? */

import type { Platform } from "../spec/resolved.ts";
import type { BlobStore } from "./blob-store.ts";
import type { LockedBase } from "./base/locked-base.ts";
import { imageOf, indexOf } from "./image/image.ts";
import type { ImageIndex } from "./image/image.ts";
import type { Layer, LayerStore } from "./image/layer.ts";
import type { LayerSource } from "./layers/layer-source.ts";
import { layerStack } from "./layers/layer-stack.ts";
import { codeLayer } from "./layers/code.ts";
import { modelLayers } from "./layers/model.ts";
import type { ModelLayers } from "./layers/model.ts";
import type { AssembleOptions } from "./pack-options.ts";
import { imageConfig } from "./plan.ts";
import { settled } from "./settled.ts";
import type { Plan } from "./plan.ts";

export type BuildParts = {
  readonly plan: Plan;
  readonly base: LockedBase;
  /** RFC 3339. */
  readonly created: string;
  readonly store: LayerStore;
  readonly blobs: BlobStore;
  /** For what is unpacked on the way. */
  readonly folder: string;
};

export async function buildImages(
  parts: BuildParts,
  options: AssembleOptions,
): Promise<ImageIndex> {
  const { plan, base, created } = parts;
  const models: ModelLayers[] = [];
  for (const model of plan.models) models.push(await modelLayers(model));
  const code: LayerSource[] = [];
  for (const each of plan.code) code.push(await codeLayer(each));
  const config = imageConfig(plan.endpoint, {
    ...base.lock,
    created,
    base: base.title,
    node: base.node,
    modelSha256: new Map(models.map((layer) => [layer.model, layer.sha256])),
  });
  const images = options.platforms.map(async (platform) => {
    const layers = await buildLayers({ ...parts, models, code }, platform, options);
    return imageOf({ platform, config, created, layers });
  });
  return indexOf(await settled(images));
}

async function buildLayers(
  parts: BuildParts & {
    readonly models: readonly ModelLayers[];
    readonly code: readonly LayerSource[];
  },
  platform: Platform,
  { packageRoot, run, progress, signal }: AssembleOptions,
): Promise<readonly Layer[]> {
  const { base, folder, store, blobs, models, code, plan } = parts;
  const stack = await layerStack(
    {
      base: { lock: base.lock.base, store: blobs, run, folder },
      packageRoot,
      version: base.lock.edgewright,
      models,
      code,
      endpoint: plan.endpoint,
    },
    platform,
  );
  const layers: Layer[] = [];
  for (const source of stack) {
    signal?.throwIfAborted();
    progress(`${platform}: ${source.name}`);
    layers.push(await store.layer(source));
  }
  return layers;
}
