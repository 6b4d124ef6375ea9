/** How does a graph become the bytes of an .onnx file? The same graph gives the same bytes, always. */

import { type Graph, graphFields } from "./graph.ts";
import { concat, intField, messageField, textField } from "./protobuf.ts";

const IR_VERSION = 8;
const ONNX_OPSET = 17;

/** Versions of the operator sets beside ONNX's own; a domain that is not listed has version 1. */
const OPSETS: Readonly<Record<string, number>> = { "ai.onnx.ml": 3 };

/** Of each node outside of ONNX's own operator set, those in subgraphs included. */
function* foreignDomains(graph: Graph): Generator<string> {
  for (const node of graph.nodes) {
    if (node.domain !== undefined) yield node.domain;
    for (const attribute of Object.values(node.attributes ?? {})) {
      if ("graph" in attribute) yield* foreignDomains(attribute.graph);
    }
  }
}

/** @source onnx.proto: OperatorSetIdProto */
function opsetField(domain: string, version: number): Uint8Array {
  return messageField(8, [textField(1, domain), intField(2, version)]);
}

/** @source onnx.proto: ModelProto */
export function encodeModel(graph: Graph): Uint8Array {
  const domains = new Set(foreignDomains(graph));
  return concat([
    intField(1, IR_VERSION),
    textField(2, "edgewright-scripts"),
    messageField(7, graphFields(graph)),
    opsetField("", ONNX_OPSET),
    ...Array.from(domains, (domain) => opsetField(domain, OPSETS[domain] ?? 1)),
  ]);
}
