/** Which constants does a graph use, and in which order for the first time? */

import { fieldsOf } from "../protobuf.ts";
import type { Field } from "../protobuf.ts";
import { FIELD, messagesIn } from "./bytes/messages.ts";

const text = new TextDecoder();

/**
 * Names that nodes and outputs read, those in subgraphs included: a name that a subgraph defines
 * itself only makes the list longer.
 */
export function usedNames(graphFields: readonly Uint8Array[]): readonly string[] {
  const names = new Set<string>();
  const last: Field[] = [];
  for (const raw of graphFields) {
    for (const field of fieldsOf(raw)) {
      if (field.number === FIELD.graphNode) addNodeNames(field.bytes, names);
      else if (field.number === FIELD.graphOutput || field.number === FIELD.graphQuantization)
        last.push(field);
    }
  }
  for (const field of last) {
    if (field.number === FIELD.graphOutput) addNames(field.bytes, 1, names);
    else addQuantizationNames(field.bytes, names);
  }
  return [...names];
}

function addNodeNames(node: Uint8Array, names: Set<string>): void {
  for (const { kind, message } of messagesIn(node, "node")) {
    if (kind === "node") addNames(message, FIELD.nodeInput, names);
    else if (kind === "graph") {
      for (const field of fieldsOf(message))
        if (field.number === FIELD.graphOutput) addNames(field.bytes, 1, names);
    }
  }
}

/** TensorAnnotation: the tensor, and the tensors of its scale and zero point. */
function addQuantizationNames(annotation: Uint8Array, names: Set<string>): void {
  addNames(annotation, 1, names);
  for (const field of fieldsOf(annotation)) if (field.number === 2) addNames(field.bytes, 2, names);
}

function addNames(message: Uint8Array, number: number, names: Set<string>): void {
  for (const field of fieldsOf(message))
    if (field.number === number) names.add(text.decode(field.bytes));
}
