/** How does an image that lies in a file, a folder or the engine become the base of ours? */

import { userError } from "../../../core/problem.ts";
import { openEngineOf } from "../../engine/open-engine.ts";
import type { Platform } from "../../../spec/resolved.ts";
import type { BlobStore } from "../../blob-store.ts";
import { parseImageSource } from "../../sources/image-source.ts";
import { imageFor, openImages } from "../../sources/open-image.ts";
import { importLayer, layerTitle, readStoredLayer } from "./import-layer.ts";
import { layOver } from "./whiteout.ts";
import type { ImageLock } from "../lock.ts";
import { missingLibraries } from "./libraries.ts";

export type ImportRequest = {
  /** `oci:DIR` and the like. */
  readonly text: string;
  readonly platforms: readonly Platform[];
  readonly store: BlobStore;
  /** An empty folder. */
  readonly folder: string;
  readonly workingFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
  /** Ends the unpacking. */
  readonly signal?: AbortSignal | undefined;
};

/** Where images have Node: ours and Docker's, distroless, Debian's. */
const NODE_PLACES = ["usr/local/bin/node", "nodejs/bin/node", "usr/bin/node"];

/** @throws UserError where the image is not what it says, or has no Node */
export async function importBase(request: ImportRequest): Promise<ImageLock> {
  const { text, store, folder, progress, signal } = request;
  const source = parseImageSource(text, request.workingFolder);
  const images = await openImages(source, { folder, engine: openEngineOf(request.env), signal });
  const platforms: ImageLock["platforms"] = {};
  const places = new Set<string>();
  let absent: string | undefined;
  for (const platform of request.platforms) {
    const { layers } = imageFor(images, platform, text);
    const laid = layOver();
    const imported = [];
    for (const layer of layers) {
      progress(`base: ${layer.name} for ${platform}`);
      laid.next();
      const title = layerTitle(text, layer);
      await readStoredLayer(layer, text, (member) => {
        signal?.throwIfAborted();
        laid.add(member, title);
      });
      const { digest, bytes, diffId } = await importLayer(layer, store);
      imported.push({ name: layer.name, digest, bytes, diffId });
    }
    platforms[platform] = { layers: imported };
    absent ??= missingLibraries(laid.files(), platform);
    places.add(NODE_PLACES.find((place) => laid.hasFile(place)) ?? "");
  }
  const [node = "", ...others] = places;
  if (node !== "" && others.length === 0) {
    if (absent === undefined) return { kind: "image", node: `/${node}`, platforms };
    throw userError("BUILD_BASE", `${text} has no ${absent}.`, {
      hint: "Take a base with glibc and libstdc++, such as Debian's, or the one that `edgewright base save assembled` writes.",
    });
  }
  const wanted = NODE_PLACES.map((place) => `/${place}`).join(", ");
  throw userError("BUILD_BASE", `${text} has no Node at ${wanted}, the same on every platform.`, {
    hint: "Take a base with Node 24, as `edgewright base save assembled` writes one.",
  });
}
