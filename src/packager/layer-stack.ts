/** Which layers has the image of one platform, bottom to top? What changes rarely lies below. */

import type { ResolvedEndpoint, Platform } from "../spec/resolved.ts";
import { baseLayers } from "./base/layers.ts";
import type { BaseLayers } from "./base/layers.ts";
import { pythonLayer } from "./base/python-layer.ts";
import { USER } from "./base/rootfs.ts";
import type { LayerSource } from "./layer-source.ts";
import { endpointLayer } from "./layers/endpoint.ts";
import { onnxruntimeLayer } from "./layers/onnxruntime.ts";
import { runtimeLayer } from "./layers/runtime.ts";
import { vendorLayer } from "./layers/vendor.ts";

export type StackParts = {
  readonly base: BaseLayers;
  readonly packageRoot: string;
  /** Of edgewright. */
  readonly version: string;
  readonly models: readonly LayerSource[];
  readonly code: readonly LayerSource[];
  /** With the image's paths. */
  readonly endpoint: ResolvedEndpoint;
};

export async function layerStack(
  parts: StackParts,
  platform: Platform,
): Promise<readonly LayerSource[]> {
  const python = pythonLayer(parts.base, platform);
  return [
    ...baseLayers(parts.base, platform),
    ...(python === undefined ? [] : [python]),
    await onnxruntimeLayer(parts.packageRoot, platform),
    await vendorLayer(parts.packageRoot),
    ...parts.models,
    await runtimeLayer(parts.packageRoot, parts.version),
    ...parts.code,
    await endpointLayer(parts.endpoint, USER),
  ];
}
