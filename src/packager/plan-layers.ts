/** Which layers will the images have, and how large are they? Known before anything is written. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../core/problem.ts";
import type { Platform, ResolvedEndpoint } from "../spec/resolved.ts";
import { assemble } from "./assemble.ts";
import { LOCK_FILE } from "./base/lock.ts";
import { imageBytes } from "./image/image.ts";
import { outputFault } from "./output/output-files.ts";
import type { AssembleOptions } from "./pack-options.ts";
import { makeWorkFolder } from "./leftovers.ts";

export type PlannedLayer = {
  readonly name: string;
  readonly digest: string;
  /** Compressed. */
  readonly bytes: number;
  /** Whether it lay in the cache already. */
  readonly cached: boolean;
};

export type PlannedImage = {
  readonly platform: Platform;
  /** Compressed, with config and manifest. */
  readonly bytes: number;
  /** Bottom to top. */
  readonly layers: readonly PlannedLayer[];
};

/** Layers go into the cache; lock and outputs stay as they are. @throws UserError */
export async function planLayers(
  endpoint: ResolvedEndpoint,
  options: AssembleOptions,
): Promise<{ readonly platforms: readonly PlannedImage[]; readonly problems: readonly Problem[] }> {
  const { temporaryFolder, cacheFolder, specFolder } = options;
  let folder;
  try {
    folder = await makeWorkFolder(temporaryFolder);
    const places = { folder, lockFile: join(specFolder, LOCK_FILE) };
    const { index, made, base } = await assemble(endpoint, options, places);
    const platforms = index.images.map((image) => ({
      platform: image.platform,
      bytes: imageBytes(image),
      layers: image.layers.map(({ name, digest, bytes }) => ({
        name,
        digest,
        bytes,
        cached: !made.has(digest),
      })),
    }));
    return { platforms, problems: base.problems };
  } catch (error) {
    throw outputFault(error, `A file in ${cacheFolder} or ${temporaryFolder}`);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
