/** What does a graph compute: its nodes with their attributes, constants, inputs and outputs? */

import type { Tensor } from "../../src/core/tensors/tensor.ts";
import { type Initializer, tensorFields } from "./initializer.ts";
import { floatField, intField, messageField, textField } from "./protobuf.ts";
import { type Value, valueInfoFields } from "./value-info.ts";

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Tensor }
  | { readonly graph: Graph };

export type Node = {
  readonly op: string;
  /** An empty name is an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Of the operator set; absent: ONNX's own. */
  readonly domain?: string;
};

export type Graph = {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants?: readonly Initializer[];
  readonly nodes: readonly Node[];
};

/** @source onnx.proto: AttributeProto.AttributeType */
function kind(number: number): Uint8Array {
  return intField(20, number);
}

/** @source onnx.proto: AttributeProto */
function attributeFields(attribute: Attribute): readonly Uint8Array[] {
  if ("float" in attribute) return [floatField(2, attribute.float), kind(1)];
  if ("int" in attribute) return [intField(3, attribute.int), kind(2)];
  if ("string" in attribute) return [textField(4, attribute.string), kind(3)];
  if ("tensor" in attribute) {
    return [messageField(5, tensorFields({ name: "value", tensor: attribute.tensor })), kind(4)];
  }
  if ("graph" in attribute) return [messageField(6, graphFields(attribute.graph)), kind(5)];
  if ("floats" in attribute) return [...attribute.floats.map((v) => floatField(7, v)), kind(6)];
  if ("ints" in attribute) return [...attribute.ints.map((v) => intField(8, v)), kind(7)];
  return [...attribute.strings.map((v) => textField(9, v)), kind(8)];
}

/** @source onnx.proto: NodeProto */
function nodeFields(node: Node): readonly Uint8Array[] {
  return [
    ...node.inputs.map((name) => textField(1, name)),
    ...node.outputs.map((name) => textField(2, name)),
    textField(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, attribute]) =>
      messageField(5, [textField(1, name), ...attributeFields(attribute)]),
    ),
    ...(node.domain === undefined ? [] : [textField(7, node.domain)]),
  ];
}

/** @source onnx.proto: GraphProto */
export function graphFields(graph: Graph): readonly Uint8Array[] {
  return [
    ...graph.nodes.map((node) => messageField(1, nodeFields(node))),
    textField(2, graph.name),
    ...(graph.constants ?? []).map((constant) => messageField(5, tensorFields(constant))),
    ...graph.inputs.map((value) => messageField(11, valueInfoFields(value))),
    ...graph.outputs.map((value) => messageField(12, valueInfoFields(value))),
  ];
}
