/** What is a layer before it has bytes? A name, a key, and a way to its entries. */

import type { Digest } from "../blob-store.ts";
import type { Entry } from "../entry.ts";

/** Whose bytes they are: those of `base` and `runtime` are the same in every module. */
export type LayerGroup = "base" | "runtime" | "model" | "endpoint";

/** A layer that is a blob of the store already. */
export type ReadyLayer = {
  readonly name: string;
  readonly group: LayerGroup;
  readonly blob: { readonly digest: Digest; readonly bytes: number; readonly diffId: Digest };
};

export type LayerSource = {
  /** For people: `ONNX Runtime 1.30.0`. */
  readonly name: string;
  readonly group: LayerGroup;
  /** Equal keys mean equal entries. */
  readonly key: string;
  readonly entries: () => Promise<readonly Entry[]>;
};
