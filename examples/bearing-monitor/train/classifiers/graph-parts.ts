/** Which pieces do the ONNX graphs of both models share? */

import type { Graph, Node } from "../../../../scripts/onnx/graph.ts";
import { floats, type Initializer } from "../../../../scripts/onnx/initializer.ts";
import { tensor } from "../../../../scripts/onnx/value-info.ts";
import type { WeightedLayer } from "../network/convolution.ts";
import { CLASSES } from "../vibration/signal.ts";
import { WINDOW_SAMPLES } from "../vibration/window.ts";
import { INPUT, OUTPUT } from "./classifier.ts";

export function node(op: string, inputs: readonly string[], output: string): Node {
  return { op, inputs, outputs: [output] };
}

/** `vibration` without its mean: `centred`. */
export const CENTRE: readonly Node[] = [
  {
    ...node("ReduceMean", [INPUT], "mean"),
    attributes: { axes: { ints: [1] }, keepdims: { int: 1 } },
  },
  node("Sub", [INPUT, "mean"], "centred"),
];

/** A dense layer: `[batch, inputs]` → `[batch, outputs]`, weights `[outputs, inputs]`. */
export function gemm(layer: string, input: string, output: string): Node {
  return {
    ...node("Gemm", [input, `${layer}.weights`, `${layer}.biases`], output),
    attributes: { transB: { int: 1 } },
  };
}

/** The weights of a layer as `<layer>.weights` and `<layer>.biases`, rounded to float32. */
export function layerConstants(
  layer: string,
  { weights, biases }: WeightedLayer,
): readonly Initializer[] {
  return [
    floats(`${layer}.weights`, weights.dims, Float32Array.from(weights.values)),
    floats(`${layer}.biases`, biases.dims, Float32Array.from(biases.values)),
  ];
}

/** From a window a row to the probabilities of the classes, whatever lies between. */
export function classifierGraph(graph: Pick<Graph, "name" | "constants" | "nodes">): Graph {
  return {
    inputs: [tensor(INPUT, "float32", ["batch", WINDOW_SAMPLES])],
    outputs: [tensor(OUTPUT, "float32", ["batch", CLASSES.length])],
    ...graph,
  };
}
