/**
 * A model whose weights are one constant each, as ONNX's light models have them, with random ones
 * instead: the same for the same seed, of a size at which the numbers neither vanish nor grow.
 */

import assert from "node:assert/strict";

import { tensorFields } from "../../../scripts/onnx/initializer.ts";
import { tensor, valueInfoFields } from "../../../scripts/onnx/value-info.ts";
import { bytesField, fieldsOf, joinBytes, varintField } from "../../../src/model/protobuf.ts";
import type { Field } from "../../../src/model/protobuf.ts";

/** @source onnx/onnx: onnx/onnx.proto (ModelProto, GraphProto, NodeProto, TensorProto) */
const MODEL = { irVersion: 1, graph: 7 };
const GRAPH = { node: 1, initializer: 5, input: 11 };
const NODE = { input: 1, output: 2, op: 4 };
const TENSOR = { name: 8, raw: 9 };

type Node = {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
};

/**
 * The first version in which a constant among the inputs may be given with a request: ONNX Runtime
 * folds none of those. In version 3 every constant has to stand there, and it folds them all.
 *
 * @source onnx/onnx: docs/IR.md, "Initializers and default values"
 */
const IR_VERSION = 4;

/** The weights stand among the inputs too, as the other constants of those models do. */
export function withRandomWeights(model: Uint8Array, seed: number): Uint8Array {
  const next = createNumbers(seed);
  const parts = [...fieldsOf(model)].map(({ number, bytes, raw }) => {
    if (number === MODEL.irVersion) return varintField(MODEL.irVersion, IR_VERSION);
    return number === MODEL.graph ? bytesField(MODEL.graph, randomGraph(bytes, next)) : raw;
  });
  return joinBytes(parts);
}

function randomGraph(graph: Uint8Array, next: () => number): Uint8Array {
  const fields = [...fieldsOf(graph)];
  const nodes = fields.filter(({ number }) => number === GRAPH.node).map(readNode);
  const makers = nodes.filter(({ op }) => op === "ConstantOfShape");
  assert.ok(makers.length > 0, "the model makes no weights");
  const shapes = new Set(makers.flatMap(({ inputs }) => inputs));
  const dims = new Map<string, readonly number[]>();
  for (const { bytes } of fields.filter(({ number }) => number === GRAPH.initializer)) {
    const name = textOf(bytes, TENSOR.name)[0] ?? "";
    if (shapes.has(name)) dims.set(name, dimsOf(bytes));
  }
  const kept = fields.filter(({ number, bytes }) => {
    if (number === GRAPH.node) return textOf(bytes, NODE.op)[0] !== "ConstantOfShape";
    if (number === GRAPH.initializer) return !shapes.has(textOf(bytes, TENSOR.name)[0] ?? "");
    return number !== GRAPH.input || !shapes.has(textOf(bytes, 1)[0] ?? "");
  });
  const made = makers.flatMap(({ inputs: [shape = ""], outputs: [name = ""] }) => {
    const sizes = dims.get(shape);
    assert.ok(sizes !== undefined, `${shape} is no constant`);
    const values = weights(sizes, roleOf(name, nodes), next);
    const constant = { name, tensor: { type: "float32" as const, dims: sizes, data: values } };
    return [
      bytesField(GRAPH.initializer, joinBytes(tensorFields(constant))),
      bytesField(GRAPH.input, joinBytes(valueInfoFields(tensor(name, "float32", sizes)))),
    ];
  });
  return joinBytes([...kept.map(({ raw }) => raw), ...made]);
}

/** What a tensor is to the node that takes it. */
type Role = "factor" | "scale" | "variance" | "shift";

function roleOf(name: string, nodes: readonly Node[]): Role {
  const user = nodes.find(({ inputs }) => inputs.includes(name));
  const at = user?.inputs.indexOf(name) ?? -1;
  if (user?.op === "BatchNormalization")
    return at === 1 ? "scale" : at === 4 ? "variance" : "shift";
  return at === 1 ? "factor" : "shift";
}

/** Below 1 the scales keep the sum of a residual network's many branches from growing. */
const MIDDLES: Readonly<Record<Role, number>> = { factor: 0, scale: 0.5, variance: 1, shift: 0 };

/** @source He et al., "Delving Deep into Rectifiers" (2015): the range of a layer's factors */
function weights(dims: readonly number[], role: Role, next: () => number): Float32Array {
  const count = dims.reduce((product, dim) => product * dim, 1);
  const range = role === "factor" ? Math.sqrt(6 / (count / (dims[0] ?? 1))) : 0.1;
  return Float32Array.from({ length: count }, () => MIDDLES[role] + range * (2 * next() - 1));
}

function readNode({ bytes }: Field): Node {
  const [op = ""] = textOf(bytes, NODE.op);
  return { op, inputs: textOf(bytes, NODE.input), outputs: textOf(bytes, NODE.output) };
}

function textOf(message: Uint8Array, wanted: number): readonly string[] {
  return [...fieldsOf(message)]
    .filter(({ number }) => number === wanted)
    .map(({ bytes }) => Buffer.from(bytes).toString());
}

/** Of a one-dimensional int64 tensor in raw bytes. */
function dimsOf(tensorBytes: Uint8Array): readonly number[] {
  const raw = [...fieldsOf(tensorBytes)].find(({ number }) => number === TENSOR.raw);
  const bytes = Buffer.from(raw?.bytes ?? []);
  return Array.from({ length: bytes.length / 8 }, (_, at) => Number(bytes.readBigInt64LE(at * 8)));
}

/** @source Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014), in 32 bits */
export function createNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
