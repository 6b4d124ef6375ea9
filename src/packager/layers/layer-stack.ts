/** Which layers has the image of one platform, bottom to top? What changes rarely lies below. */

import type { ResolvedEndpoint, Platform } from "../../spec/resolved.ts";
import { baseLayers } from "../base/layers.ts";
import type { BaseLayers } from "../base/layers.ts";
import { pythonLayer } from "../base/python/python-layer.ts";
import { USER } from "../base/debian/rootfs.ts";
import type { LayerSource, ReadyLayer } from "./layer-source.ts";
import { endpointLayer } from "./endpoint.ts";
import { fitLayers } from "./layer-limit.ts";
import type { ModelLayers } from "./model.ts";
import { onnxruntimeLayer } from "./onnxruntime.ts";
import { runtimeLayer } from "./runtime.ts";
import { vendorLayer } from "./vendor.ts";

export type StackParts = {
  readonly base: BaseLayers;
  readonly packageRoot: string;
  /** Of edgewright. */
  readonly version: string;
  readonly models: readonly ModelLayers[];
  readonly code: readonly LayerSource[];
  /** With the image's paths. */
  readonly endpoint: ResolvedEndpoint;
};

export async function layerStack(
  parts: StackParts,
  platform: Platform,
): Promise<readonly (LayerSource | ReadyLayer)[]> {
  const python = pythonLayer(parts.base, platform);
  const below = [
    ...baseLayers(parts.base, platform),
    ...(python === undefined ? [] : [python]),
    await onnxruntimeLayer(parts.packageRoot, platform),
    await vendorLayer(parts.packageRoot),
  ];
  const runtime = await runtimeLayer(parts.packageRoot, parts.version);
  const endpoint = await endpointLayer(parts.endpoint, USER);
  const heads = parts.models.flatMap(({ head }) => head);
  const bodies = parts.models.flatMap(({ body }) => body);
  // Runtime and endpoint have one layer each, always.
  const { body, head, code } = fitLayers({ bodies, heads, codes: parts.code }, below.length + 2);
  return [...below, ...body, runtime, ...head, ...code, endpoint];
}
