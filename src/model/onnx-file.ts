/** What an ONNX file says about itself, read from its bytes without running it. */

import { DTYPES, DTYPE_NAMES } from "../core/tensors/tensor.ts";
import type { DType, Dimension } from "../core/tensors/tensor.ts";
import { fieldsOf, WireError } from "./protobuf.ts";
import type { Field } from "./protobuf.ts";

export type ValueType =
  | { readonly kind: "tensor"; readonly type: DType; readonly shape: readonly Dimension[] | null }
  /** An element type that no JSON and no onnxruntime-node tensor carries, e.g. bfloat16. */
  | { readonly kind: "foreign-tensor"; readonly elementType: number }
  | { readonly kind: "sequence" | "map" | "optional" | "sparse-tensor" | "unknown" };

export type ValueInfo = { readonly name: string; readonly type: ValueType };

export type OnnxNode = {
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The AttributeProto messages, unread. */
  readonly attributes: readonly Uint8Array[];
};

export type OnnxFile = {
  readonly irVersion: number;
  readonly producer: string;
  /** Operator set versions by domain; "" is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Without the initializers that old exporters list among the inputs. */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializerCount: number;
  readonly nodes: readonly OnnxNode[];
};

const text = new TextDecoder();

/**
 * @returns undefined where the bytes are no ModelProto with a graph
 * @source onnx/onnx: onnx/onnx.proto (field numbers)
 */
export function parseOnnxFile(bytes: Uint8Array): OnnxFile | undefined {
  try {
    return parseModel(bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function parseModel(bytes: Uint8Array): OnnxFile | undefined {
  let irVersion = 0;
  let producer = "";
  let graph: Uint8Array | undefined;
  const opsets: Record<string, number> = Object.create(null);
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) irVersion = field.value;
    else if (field.number === 2) producer = text.decode(field.bytes);
    else if (field.number === 7) graph = field.bytes;
    else if (field.number === 8) {
      let domain = "";
      let version = 0;
      for (const part of fieldsOf(field.bytes)) {
        if (part.number === 1) domain = text.decode(part.bytes);
        else if (part.number === 2) version = part.value;
      }
      opsets[domain === "ai.onnx" ? "" : domain] = version;
    }
  }
  if (graph === undefined || irVersion === 0) return undefined;
  return { irVersion, producer, opsets: { ...opsets }, ...parseGraph(graph) };
}

function parseGraph(
  graph: Uint8Array,
): Pick<OnnxFile, "inputs" | "outputs" | "initializerCount" | "nodes"> {
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const nodes: OnnxNode[] = [];
  const initializers = new Set<string>();
  for (const field of fieldsOf(graph)) {
    if (field.number === 1) nodes.push(parseNode(field.bytes));
    else if (field.number === 5) initializers.add(nameOf(field.bytes, 8));
    else if (field.number === 11) inputs.push(parseValueInfo(field.bytes));
    else if (field.number === 12) outputs.push(parseValueInfo(field.bytes));
  }
  return {
    inputs: inputs.filter((input) => !initializers.has(input.name)),
    outputs,
    initializerCount: initializers.size,
    nodes,
  };
}

function nameOf(message: Uint8Array, number: number): string {
  for (const field of fieldsOf(message)) {
    if (field.number === number) return text.decode(field.bytes);
  }
  return "";
}

function parseNode(node: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Uint8Array[] = [];
  let opType = "";
  let domain = "";
  for (const field of fieldsOf(node)) {
    if (field.number === 1) inputs.push(text.decode(field.bytes));
    else if (field.number === 2) outputs.push(text.decode(field.bytes));
    else if (field.number === 4) opType = text.decode(field.bytes);
    else if (field.number === 5) attributes.push(field.bytes);
    else if (field.number === 7) domain = text.decode(field.bytes);
  }
  return { opType, domain, inputs, outputs, attributes };
}

export function parseValueInfo(message: Uint8Array): ValueInfo {
  let name = "";
  let type: ValueType = { kind: "unknown" };
  for (const field of fieldsOf(message)) {
    if (field.number === 1) name = text.decode(field.bytes);
    else if (field.number === 2) type = parseType(field.bytes);
  }
  return { name, type };
}

function parseType(message: Uint8Array): ValueType {
  for (const field of fieldsOf(message)) {
    switch (field.number) {
      case 1:
        return parseTensorType(field.bytes);
      case 4:
        return { kind: "sequence" };
      case 5:
        return { kind: "map" };
      case 8:
        return { kind: "sparse-tensor" };
      case 9:
        return { kind: "optional" };
      default:
    }
  }
  return { kind: "unknown" };
}

function parseTensorType(message: Uint8Array): ValueType {
  let elementType = 0;
  let shape: Dimension[] | null = null;
  for (const field of fieldsOf(message)) {
    if (field.number === 1) elementType = field.value;
    else if (field.number === 2) shape = [...fieldsOf(field.bytes)].map(parseDimension);
  }
  const type = DTYPE_NAMES.find((name) => DTYPES[name].onnx === elementType);
  return type === undefined
    ? { kind: "foreign-tensor", elementType }
    : { kind: "tensor", type, shape };
}

function parseDimension(dimension: Field): Dimension {
  for (const field of fieldsOf(dimension.bytes)) {
    // A negative size, which some exporters write for "any", is a ten-byte varint.
    if (field.number === 1) return field.value <= Number.MAX_SAFE_INTEGER ? field.value : "?";
    if (field.number === 2 && field.bytes.length > 0) return text.decode(field.bytes);
  }
  return "?";
}
