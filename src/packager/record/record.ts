/** What was built, exactly? A document for whoever has to answer that later. */

import type { Image, ImageIndex } from "../image/image.ts";
import { imageBytes } from "../image/image.ts";
import type { PackedImage } from "../pack-options.ts";

export type RecordFacts = {
  readonly name: string;
  readonly endpoint: string;
  readonly edgewright: string;
  readonly onnxruntime: string;
  readonly base: string;
  readonly created: string;
  readonly index: ImageIndex;
};

export function packedImage(image: Image): PackedImage {
  return {
    platform: image.platform,
    digest: image.manifest.digest,
    bytes: imageBytes(image),
    layers: image.layers,
  };
}

export function printRecord({ index, ...facts }: RecordFacts): string {
  const record = {
    format: 1,
    ...facts,
    index: { digest: index.digest, bytes: index.bytes.length },
    images: index.images.map((image) => ({
      config: image.config.digest,
      ...packedImage(image),
    })),
  };
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
