/** What did the build before this one make? Its record beside the output tells, image or none. */

import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Platform } from "../../spec/resolved.ts";
import type { OldImage } from "./update-cost.ts";

const recorded = z.object({
  images: z.array(
    z.object({
      platform: z.string(),
      digest: z.string(),
      config: z.string(),
      layers: z.array(z.object({ digest: z.string(), diffId: z.string() })),
    }),
  ),
});

/** `undefined` where there is no record, or none of that platform. */
export async function recordedImage(
  file: string,
  platform: Platform,
): Promise<OldImage | undefined> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
  const read = recorded.safeParse(json);
  const image = read.data?.images.find((one) => one.platform === platform);
  if (image === undefined) return undefined;
  const { config, digest, layers } = image;
  return { config: { digest: config }, manifest: { digest }, layers };
}
