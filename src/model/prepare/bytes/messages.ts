/** Which messages of an ONNX file hold which, and where does each keep its documentation? */

import { bytesField, fieldsOf, joinBytes } from "../../protobuf.ts";
import type { Field } from "../../protobuf.ts";

/** @source onnx/onnx: onnx/onnx.proto (field numbers) */
export const FIELD = {
  modelIrVersion: 1,
  modelDocumentation: 6,
  modelGraph: 7,
  modelOpset: 8,
  modelTraining: 20,
  modelFunction: 25,
  graphNode: 1,
  graphInitializer: 5,
  graphDocumentation: 10,
  graphInput: 11,
  graphOutput: 12,
  graphValue: 13,
  graphQuantization: 14,
  nodeInput: 1,
  nodeAttribute: 5,
  tensorName: 8,
  tensorExternal: 13,
} as const;

export type MessageKind = "graph" | "node" | "attribute" | "tensor" | "value" | "function";

type Shape = {
  readonly documentation: number;
  /** Field number → what lies in it. */
  readonly inner: Readonly<Record<number, MessageKind>>;
};

export const SHAPES: Readonly<Record<MessageKind, Shape>> = {
  graph: {
    documentation: FIELD.graphDocumentation,
    inner: {
      [FIELD.graphNode]: "node",
      [FIELD.graphInitializer]: "tensor",
      [FIELD.graphInput]: "value",
      [FIELD.graphOutput]: "value",
      [FIELD.graphValue]: "value",
    },
  },
  node: { documentation: 6, inner: { [FIELD.nodeAttribute]: "attribute" } },
  attribute: { documentation: 13, inner: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph" } },
  tensor: { documentation: 12, inner: {} },
  value: { documentation: 3, inner: {} },
  function: { documentation: 8, inner: { 7: "node" } },
};

/** The message without documentation, its own and that of everything in it; as it is without any. */
function withoutDocumentation(message: Uint8Array, kind: MessageKind): Uint8Array {
  const { documentation, inner } = SHAPES[kind];
  const parts: Uint8Array[] = [];
  let changed = false;
  for (const field of fieldsOf(message)) {
    const part = field.number === documentation ? undefined : undocumented(field, inner);
    if (part !== field.raw) changed = true;
    if (part !== undefined) parts.push(part);
  }
  return changed ? joinBytes(parts) : message;
}

/** A field of a message that is no message itself here (of ModelProto, of GraphProto). */
export function undocumented(field: Field, inner: Shape["inner"]): Uint8Array {
  const kind = inner[field.number];
  if (kind === undefined || field.wireType !== 2) return field.raw;
  const bytes = withoutDocumentation(field.bytes, kind);
  return bytes === field.bytes ? field.raw : bytesField(field.number, bytes);
}

/** Every message in this one, itself first, outer before inner. */
export function* messagesIn(
  message: Uint8Array,
  kind: MessageKind,
): Generator<{ readonly kind: MessageKind; readonly message: Uint8Array }> {
  yield { kind, message };
  const { inner } = SHAPES[kind];
  for (const field of fieldsOf(message)) {
    const innerKind = inner[field.number];
    if (innerKind !== undefined && field.wireType === 2) yield* messagesIn(field.bytes, innerKind);
  }
}
