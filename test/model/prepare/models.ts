/** Models for tests of preparation: a small network with weights, as old and new exporters write it. */

import { encodeModel } from "../../../scripts/onnx/model.ts";
import type { Graph } from "../../../scripts/onnx/graph.ts";
import { floats } from "../../../scripts/onnx/initializer.ts";
import { bytesField, fieldsOf, joinBytes, varintField } from "../../../src/model/protobuf.ts";
import { tensor } from "../../../scripts/onnx/value-info.ts";

/** Numbers that are no two alike, the same ones each time. */
export function weightsOf(count: number, seed = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898 + seed) / 4);
}

export type Sizes = { readonly inputs: number; readonly hidden: number; readonly outputs: number };

/** x → MatMul w1 → Relu → MatMul w2 → y, with a constant that nothing uses. */
export function network({ inputs, hidden, outputs }: Sizes, headSeed = 2): Graph {
  return {
    name: "network",
    inputs: [tensor("x", "float32", ["n", inputs])],
    outputs: [tensor("y", "float32", ["n", outputs])],
    constants: [
      floats("w2", [hidden, outputs], weightsOf(hidden * outputs, headSeed)),
      floats("nobody", [300], weightsOf(300)),
      floats("w1", [inputs, hidden], weightsOf(inputs * hidden)),
    ],
    nodes: [
      { op: "MatMul", inputs: ["x", "w1"], outputs: ["a"] },
      { op: "Relu", inputs: ["a"], outputs: ["b"] },
      { op: "MatMul", inputs: ["b", "w2"], outputs: ["y"] },
    ],
  };
}

/** As files of IR version 3 are: every constant among the inputs, documentation everywhere. */
export function oldModel(sizes: Sizes): Uint8Array {
  const graph = network(sizes);
  const listed: Graph = {
    ...graph,
    inputs: [
      ...graph.inputs,
      ...(graph.constants ?? []).map(({ name, tensor: { dims } }) => tensor(name, "float32", dims)),
    ],
  };
  const note = (number: number): Uint8Array => bytesField(number, Buffer.from("a note"));
  const parts = [...fieldsOf(encodeModel(listed))].map((field) => {
    if (field.number === 1) return varintField(1, 3);
    if (field.number !== 7) return field.raw;
    const inner = [...fieldsOf(field.bytes)].map((part) =>
      part.number === 1 ? bytesField(1, joinBytes([part.bytes, note(6)])) : part.raw,
    );
    return bytesField(7, joinBytes([...inner, note(10)]));
  });
  return joinBytes([...parts, note(6)]);
}
