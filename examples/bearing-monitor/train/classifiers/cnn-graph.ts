/** The green model as an ONNX graph. */

import type { Graph, Node } from "../../../../scripts/onnx/graph.ts";
import { floats, int64s } from "../../../../scripts/onnx/initializer.ts";
import { OUTPUT } from "./classifier.ts";
import type { Cnn } from "./cnn.ts";
import { CENTRE, classifierGraph, gemm, layerConstants, node } from "./graph-parts.ts";

function conv(layer: string, input: string, stride: number): Node {
  return {
    ...node("Conv", [input, `${layer}.weights`, `${layer}.biases`], `${layer}_sums`),
    attributes: { strides: { ints: [stride] } },
  };
}

export function cnnGraph({ gain, bands, rhythms, output }: Cnn): Graph {
  return classifierGraph({
    name: "bearing-cnn",
    constants: [
      floats("gain", [], Float32Array.of(gain)),
      int64s("channel_axis", [1]),
      ...layerConstants("bands", bands),
      ...layerConstants("rhythms", rhythms),
      ...layerConstants("output", output),
    ],
    nodes: [
      ...CENTRE,
      node("Mul", ["centred", "gain"], "scaled"),
      node("Unsqueeze", ["scaled", "channel_axis"], "signal"),
      conv("bands", "signal", bands.shape.stride),
      node("Relu", ["bands_sums"], "envelopes"),
      conv("rhythms", "envelopes", rhythms.shape.stride),
      node("Relu", ["rhythms_sums"], "matches"),
      node("GlobalAveragePool", ["matches"], "pooled"),
      node("Flatten", ["pooled"], "summary"),
      gemm("output", "summary", "logits"),
      node("Softmax", ["logits"], OUTPUT),
    ],
  });
}
