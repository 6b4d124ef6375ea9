/** What was built, exactly? A document for whoever has to answer that later. */

import type { ImageIndex } from "./image/image.ts";
import { imageBytes } from "./image/image.ts";

export type RecordFacts = {
  readonly name: string;
  readonly endpoint: string;
  readonly edgewright: string;
  readonly onnxruntime: string;
  readonly base: string;
  readonly created: string;
  readonly index: ImageIndex;
};

export function printRecord({ index, ...facts }: RecordFacts): string {
  const record = {
    format: 1,
    ...facts,
    index: { digest: index.digest, bytes: index.bytes.length },
    images: index.images.map((image) => ({
      platform: image.platform,
      digest: image.manifest.digest,
      config: image.config.digest,
      bytes: imageBytes(image),
      layers: image.layers,
    })),
  };
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
