/** How is a model of gigabytes held in kilobytes? Its graph is here, its weights are places in files. */

import { bytesField, joinBytes, WireError } from "../protobuf.ts";
import { fieldsInFile } from "./bytes/file-fields.ts";
import type { FileField } from "./bytes/file-fields.ts";
import { openWindow } from "./bytes/file-window.ts";
import type { FileWindow } from "./bytes/file-window.ts";
import { readInitializer } from "./initializer.ts";
import type { Initializer } from "./initializer.ts";
import { FIELD } from "./bytes/messages.ts";

export type LiftedModel = {
  readonly path: string;
  readonly bytes: number;
  /** Fields of ModelProto but the graph, with their tags. */
  readonly modelFields: readonly Uint8Array[];
  /** Fields of GraphProto but the initializers, with their tags. */
  readonly graphFields: readonly Uint8Array[];
  readonly initializers: readonly Initializer[];
};

/**
 * @returns undefined where the file is no ModelProto with a graph
 * @throws  UserError where the data of a tensor lies outside of the model's folder
 * @throws  Error of the file system
 */
export function liftModel(path: string): LiftedModel | undefined {
  const window = openWindow(path);
  try {
    return lift(window);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  } finally {
    window.close();
  }
}

function lift(window: FileWindow): LiftedModel | undefined {
  const modelFields: Uint8Array[] = [];
  let graph: FileField | undefined;
  for (const field of fieldsInFile(window, 0, window.size)) {
    if (field.number === FIELD.modelGraph && field.wireType === 2) graph = field;
    else modelFields.push(window.bytes(field.start, field.end));
  }
  if (graph === undefined) return undefined;
  const graphFields: Uint8Array[] = [];
  const initializers: Initializer[] = [];
  for (const field of fieldsInFile(window, graph.contentStart, graph.end)) {
    if (field.number === FIELD.graphInitializer) initializers.push(readInitializer(window, field));
    else graphFields.push(window.bytes(field.start, field.end));
  }
  return { path: window.path, bytes: window.size, modelFields, graphFields, initializers };
}

/** The model without the numbers of its constants: for readers of names, types and nodes. */
export function skeletonOf({ modelFields, graphFields, initializers }: LiftedModel): Uint8Array {
  const heads = initializers.map(({ head }) => bytesField(FIELD.graphInitializer, head));
  const graph = bytesField(FIELD.modelGraph, joinBytes([...graphFields, ...heads]));
  return joinBytes([...modelFields, graph]);
}
