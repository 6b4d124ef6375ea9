/** How does a graph become the bytes of an .onnx file? The same graph gives the same bytes, always. */

import { type Graph, graphFields } from "./graph.ts";
import { concat, intField, messageField, textField } from "./protobuf.ts";

const IR_VERSION = 8;

/** Operator sets that our graphs use unless they name others: ONNX's own and the one with ZipMap. */
const OPSETS = { "": 17, "ai.onnx.ml": 3 } as const;

export type ModelOptions = {
  /** Versions of operator sets by domain; absent: ONNX 17 and ai.onnx.ml 3. */
  readonly opsets?: Readonly<Record<string, number>>;
};

/** @source onnx.proto: ModelProto, OperatorSetIdProto */
export function encodeModel(graph: Graph, options: ModelOptions = {}): Uint8Array {
  const opsets = Object.entries(options.opsets ?? OPSETS);
  return concat([
    intField(1, IR_VERSION),
    textField(2, "edgewright-scripts"),
    messageField(7, graphFields(graph)),
    ...opsets.map(([domain, version]) =>
      messageField(8, [textField(1, domain), intField(2, version)]),
    ),
  ]);
}
