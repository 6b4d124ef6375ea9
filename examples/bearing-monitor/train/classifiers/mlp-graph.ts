/** The blue model as an ONNX graph, spectrum included. */

import type { Graph } from "../../../../scripts/onnx/graph.ts";
import { floats } from "../../../../scripts/onnx/initializer.ts";
import { WINDOW_SAMPLES } from "../vibration/window.ts";
import { OUTPUT } from "./classifier.ts";
import { CENTRE, classifierGraph, gemm, layerConstants, node } from "./graph-parts.ts";
import type { Mlp } from "./mlp.ts";
import { POWER_FLOOR } from "./spectrum.ts";

export function mlpGraph({ spectrum, scaling, hidden, output }: Mlp): Graph {
  const { bins, cosines, sines } = spectrum;
  const matrix = [WINDOW_SAMPLES, bins];
  return classifierGraph({
    name: "bearing-mlp",
    constants: [
      floats("cosines", matrix, cosines),
      floats("sines", matrix, sines),
      floats("floor", [], Float32Array.of(POWER_FLOOR)),
      floats("power.mean", [bins], Float32Array.from(scaling.mean)),
      floats("power.deviation", [bins], Float32Array.from(scaling.deviation)),
      ...layerConstants("hidden", hidden),
      ...layerConstants("output", output),
    ],
    nodes: [
      ...CENTRE,
      node("MatMul", ["centred", "cosines"], "real"),
      node("MatMul", ["centred", "sines"], "imaginary"),
      node("Mul", ["real", "real"], "real_squared"),
      node("Mul", ["imaginary", "imaginary"], "imaginary_squared"),
      node("Add", ["real_squared", "imaginary_squared"], "power"),
      node("Add", ["power", "floor"], "floored"),
      node("Log", ["floored"], "log_power"),
      node("Sub", ["log_power", "power.mean"], "shifted"),
      node("Div", ["shifted", "power.deviation"], "features"),
      gemm("hidden", "features", "hidden_sums"),
      node("Relu", ["hidden_sums"], "hidden_values"),
      gemm("output", "hidden_values", "logits"),
      node("Softmax", ["logits"], OUTPUT),
    ],
  });
}
