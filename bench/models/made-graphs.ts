/** What do the models compute that the bench makes itself? */

import type { Graph, Node } from "../../scripts/onnx/graph.ts";
import { floats } from "../../scripts/onnx/initializer.ts";
import type { Initializer } from "../../scripts/onnx/initializer.ts";
import { tensor } from "../../scripts/onnx/value-info.ts";
import { seededNumbers } from "./seeded-numbers.ts";

const WIDTHS = [64, 1024, 1024, 1024, 10] as const;

export function tinyGraph(): Graph {
  return {
    name: "tiny",
    inputs: [tensor("X", "float32", [3, 2])],
    outputs: [tensor("Y", "float32", [3, 2])],
    constants: [floats("factors", [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6))],
    nodes: [{ op: "Mul", inputs: ["X", "factors"], outputs: ["Y"] }],
  };
}

/** Gives back what it gets. */
export function echoGraph(): Graph {
  return {
    name: "echo",
    inputs: [tensor("text", "string", ["count"])],
    outputs: [tensor("echo", "string", ["count"])],
    constants: [],
    nodes: [{ op: "Identity", inputs: ["text"], outputs: ["echo"] }],
  };
}

/** Fully connected layers over a batch of any size, with the same weights every time. */
export function mlpGraph(): Graph {
  const next = seededNumbers(7);
  const constants: Initializer[] = [];
  const nodes: Node[] = [];
  WIDTHS.slice(1).forEach((width, layer) => {
    const before = WIDTHS[layer] ?? width;
    const scale = 2 / Math.sqrt(before);
    const weights = Float32Array.from({ length: before * width }, () => (next() - 0.5) * scale);
    constants.push(
      floats(`w${layer}`, [before, width], weights),
      floats(`b${layer}`, [width], new Float32Array(width)),
    );
    const last = layer === WIDTHS.length - 2;
    const sum = last ? "y" : `sum${layer}`;
    const input = layer === 0 ? "x" : `h${layer - 1}`;
    nodes.push({ op: "Gemm", inputs: [input, `w${layer}`, `b${layer}`], outputs: [sum] });
    if (!last) nodes.push({ op: "Relu", inputs: [sum], outputs: [`h${layer}`] });
  });
  return {
    name: "mlp",
    inputs: [tensor("x", "float32", ["batch", WIDTHS[0]])],
    outputs: [tensor("y", "float32", ["batch", WIDTHS.at(-1) ?? 1])],
    constants,
    nodes,
  };
}
