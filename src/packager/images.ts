/** How do plan and base become one image per platform, and the index over them? */

import type { Platform } from "../spec/resolved.ts";
import type { LockedBase } from "./base/locked-base.ts";
import { imageOf, indexOf } from "./image/image.ts";
import type { Image, ImageIndex } from "./image/image.ts";
import { layerOf } from "./image/layer.ts";
import type { Layer, LayerStore } from "./image/layer.ts";
import { layerStack } from "./layer-stack.ts";
import { modelLayer } from "./layers/model.ts";
import type { ModelLayer } from "./layers/model.ts";
import type { PackOptions } from "./pack-options.ts";
import { imageConfig } from "./plan.ts";
import type { Plan } from "./plan.ts";

export type BuildParts = {
  readonly plan: Plan;
  readonly base: LockedBase;
  /** RFC 3339. */
  readonly created: string;
  readonly store: LayerStore;
  /** For what is unpacked on the way. */
  readonly folder: string;
};

export async function buildImages(parts: BuildParts, options: PackOptions): Promise<ImageIndex> {
  const { plan, base, created } = parts;
  const models: ModelLayer[] = [];
  for (const model of plan.models) models.push(await modelLayer(model));
  const config = imageConfig(plan.endpoint, {
    ...base.lock,
    created,
    base: base.title,
    modelSha256: new Map(models.map((layer) => [layer.model, layer.sha256])),
  });
  const images: Image[] = [];
  for (const platform of options.platforms) {
    const layers = await buildLayers({ ...parts, models }, platform, options);
    images.push(imageOf({ platform, config, created, layers }));
  }
  return indexOf(images);
}

async function buildLayers(
  parts: BuildParts & { readonly models: readonly ModelLayer[] },
  platform: Platform,
  { packageRoot, run, progress, signal }: PackOptions,
): Promise<readonly Layer[]> {
  const { base, folder, store, models, plan } = parts;
  const stack = await layerStack(
    {
      base: { lock: base.lock.base, store: store.blobs, run, folder },
      packageRoot,
      version: base.lock.edgewright,
      models,
      endpoint: plan.endpoint,
    },
    platform,
  );
  const layers: Layer[] = [];
  for (const source of stack) {
    signal?.throwIfAborted();
    progress(`${platform}: ${source.name}`);
    layers.push(await layerOf(source, store));
  }
  return layers;
}
