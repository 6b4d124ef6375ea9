/** Does the way from the image before to this one cost a device more than it may? */

import { rm } from "node:fs/promises";
import { UserError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import type { Image, ImageIndex } from "../image/image.ts";
import { openEngineOf } from "../engine/open-engine.ts";
import type { PackOptions } from "../pack-options.ts";
import { parseImageSource } from "../sources/image-source.ts";
import { imageFor, openImages } from "../sources/open-image.ts";
import { recordedImage } from "./old-image.ts";
import { updateCost } from "./update-cost.ts";
import type { DeviceImage, OldImage, UpdateCost } from "./update-cost.ts";
import { makeWorkFolder } from "../leftovers.ts";

type CheckOptions = Pick<PackOptions, "maxUpdate" | "workingFolder" | "temporaryFolder" | "env"> & {
  /** Of the build before, at the place where this one's will stand. */
  readonly record: string;
};

/** @throws UserError where a platform's update is too large, or OLD has several images for it */
export async function checkUpdate(
  { images }: ImageIndex,
  options: CheckOptions,
): Promise<readonly Problem[]> {
  const { maxUpdate } = options;
  if (maxUpdate === undefined) return [];
  const oldOf = await oldImages(options);
  const problems: Problem[] = [];
  for (const image of images) {
    const old = await oldOf(image.platform);
    if (old === undefined) problems.push(nothingBefore(image.platform, options));
    else {
      const cost = updateCost(old, deviceImage(image), { engine: "overlay2", oldLoaded: false });
      if (cost.bytes > maxUpdate.bytes) problems.push(tooLarge(image.platform, cost, maxUpdate));
    }
  }
  if (problems.some(({ severity }) => severity === "error")) throw new UserError(problems);
  return problems;
}

async function oldImages(
  options: CheckOptions,
): Promise<(platform: Image["platform"]) => Promise<OldImage | undefined>> {
  const { maxUpdate, record, workingFolder, temporaryFolder, env } = options;
  const from = maxUpdate?.from;
  if (from === undefined) return (platform) => recordedImage(record, platform);
  const source = parseImageSource(from, workingFolder);
  const folder = await makeWorkFolder(temporaryFolder);
  try {
    const all = await openImages(source, { folder, engine: openEngineOf(env) });
    return async (wanted) =>
      all.some(({ platform }) => platform === wanted) ? imageFor(all, wanted, from) : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function deviceImage({ config, manifest, layers }: Image): DeviceImage {
  return {
    config: { digest: config.digest, bytes: config.bytes.length },
    manifest: { digest: manifest.digest, bytes: manifest.bytes.length },
    layers,
  };
}

function nothingBefore(platform: string, { record, maxUpdate }: CheckOptions): Problem {
  const place = maxUpdate?.from ?? record;
  return {
    code: "BUILD_UPDATE",
    severity: "note",
    message: `There is no ${platform} image before this one at ${place}: --max-update has nothing to compare with.`,
  };
}

function tooLarge(
  platform: string,
  { bytes, layers }: UpdateCost,
  { bytes: most }: { readonly bytes: number },
): Problem {
  const fetched = layers.filter((layer) => layer.fetched).toSorted((a, b) => b.size - a.size);
  const largest = fetched
    .slice(0, 3)
    .map(({ name, size, reason }) => `${name} (${size} bytes, ${reason})`)
    .join(", ");
  const what = largest === "" ? "config and manifest alone" : largest;
  return {
    code: "BUILD_UPDATE",
    severity: "error",
    message: `The update costs a device ${bytes} bytes on ${platform}, and --max-update allows ${most}: ${what}.`,
    hint: "Raise --max-update, or keep what changed as it was.",
  };
}
