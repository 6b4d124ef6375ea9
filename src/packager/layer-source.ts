/** What is a layer before it has bytes? A name, a key, and a way to its entries. */

import type { Entry } from "./entry.ts";

/** Whose bytes they are: those of `base` and `runtime` are the same in every module. */
export type LayerGroup = "base" | "runtime" | "model" | "endpoint";

export type LayerSource = {
  /** For people: `ONNX Runtime 1.30.0`. */
  readonly name: string;
  readonly group: LayerGroup;
  /** Equal keys mean equal entries. */
  readonly key: string;
  readonly entries: () => Promise<readonly Entry[]>;
};
