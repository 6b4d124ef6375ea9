/** What does the way from one image to another cost a device? Both are opened, compared and closed. */

import { rm } from "node:fs/promises";
import type { Problem } from "../../core/problem.ts";
import { openEngineOf } from "../engine/open-engine.ts";
import { parseImageSource } from "../sources/image-source.ts";
import { imageFor, openImages } from "../sources/open-image.ts";
import type { StoredImage } from "../sources/stored-image.ts";
import { updateCost } from "./update-cost.ts";
import type { UpdateCost, UpdateRules } from "./update-cost.ts";
import { makeWorkFolder } from "../leftovers.ts";
import { workFault } from "../output/output-files.ts";

export type DiffOptions = UpdateRules & {
  readonly platform: string;
  /** Relative places count from it. */
  readonly workingFolder: string;
  readonly temporaryFolder: string;
  /** Where the engine is told. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the work; what was unpacked is removed. */
  readonly signal?: AbortSignal;
};

export type ImageDiff = {
  readonly cost: UpdateCost;
  /** Of the list of platforms that a reference to the new image may name: fetched on top. */
  readonly indexBytes: number;
  readonly problems: readonly Problem[];
};

/** @throws UserError */
export async function diffImages(
  old: string,
  next: string,
  options: DiffOptions,
): Promise<ImageDiff> {
  const { platform, workingFolder, temporaryFolder, env, signal } = options;
  const sources = [old, next].map((text) => parseImageSource(text, workingFolder));
  const folder = await makeWorkFolder(temporaryFolder);
  try {
    const images: StoredImage[] = [];
    for (const [at, source] of sources.entries()) {
      const all = await openImages(source, {
        folder,
        engine: openEngineOf(env),
        signal,
      });
      signal?.throwIfAborted();
      images.push(imageFor(all, platform, at === 0 ? old : next));
    }
    const [before, after] = images as [StoredImage, StoredImage];
    const problems = after.manifest.bytes === 0 ? [unpackedNote(next)] : [];
    return { cost: updateCost(before, after, options), indexBytes: after.indexBytes, problems };
  } catch (error) {
    throw workFault(error, { temporaryFolder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A docker archive has no manifest, and its layers as they are when unpacked. */
function unpackedNote(image: string): Problem {
  return {
    code: "IMAGE_SOURCE",
    severity: "warning",
    message: `${image} holds its layers unpacked: a registry would hand them out compressed, and smaller.`,
    hint: "Compare archives or layouts that edgewright built to have numbers to the byte.",
  };
}
