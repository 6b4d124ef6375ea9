/** How does a lifted model become files again? A graph with its weights inside it, or beside it. */

import { bytesField, joinBytes, lengthField, varintField } from "../protobuf.ts";
import { cutWeights, placeTensors } from "./cut.ts";
import type { Initializer } from "./initializer.ts";
import type { LiftedModel } from "./lift.ts";
import { FIELD } from "./bytes/messages.ts";
import { spanLength } from "./bytes/span.ts";
import type { Span } from "./bytes/span.ts";

export type RenderedFile = { readonly name: string; readonly spans: readonly Span[] };

export type RenderedModel = {
  readonly graph: RenderedFile;
  /** Bottom to top: the head, which changes most often, is the last. */
  readonly weights: readonly RenderedFile[];
};

export const GRAPH_FILE = "model.onnx";
/** TensorProto.DataLocation */
const EXTERNAL = 1;
const RAW_DATA = 9;
const utf8 = new TextEncoder();

export function renderInline(model: LiftedModel): RenderedModel {
  const tensors = model.initializers.map(({ head, content }): readonly Span[] =>
    "fields" in content
      ? [{ bytes: joinBytes([head, content.fields]) }]
      : [{ bytes: joinBytes([head, lengthField(RAW_DATA, content.bytes)]) }, content.data],
  );
  return { graph: graphFile(model, tensors), weights: [] };
}

export function renderExternal(model: LiftedModel): RenderedModel {
  const large = model.initializers.flatMap(({ name, content }) =>
    "data" in content ? [{ name, ...content }] : [],
  );
  const { body, head } = cutWeights(large);
  const digits = String(body.length).length;
  const files = [
    ...body.map((tensors, index) => ({
      name: `weights-${String(index + 1).padStart(digits, "0")}.bin`,
      tensors,
    })),
    ...(head.length === 0 ? [] : [{ name: "weights-head.bin", tensors: head }]),
  ];
  const placeOf = new Map<string, { location: string; offset: number }>();
  const weights = files.map(({ name: location, tensors }) => {
    const spans: Span[] = [];
    let end = 0;
    for (const { tensor, offset } of placeTensors(tensors)) {
      placeOf.set(tensor.name, { location, offset });
      spans.push({ bytes: new Uint8Array(offset - end) }, tensor.data);
      end = offset + tensor.bytes;
    }
    return { name: location, spans };
  });
  const tensors = model.initializers.map((initializer) => [
    { bytes: externalTensor(initializer, placeOf.get(initializer.name)) },
  ]);
  return { graph: graphFile(model, tensors), weights };
}

function externalTensor(
  { head, content }: Initializer,
  place: { readonly location: string; readonly offset: number } | undefined,
): Uint8Array {
  if ("fields" in content || place === undefined)
    return joinBytes([head, "fields" in content ? content.fields : new Uint8Array(0)]);
  const entries = Object.entries({ ...place, length: content.bytes }).map(([key, value]) =>
    bytesField(
      FIELD.tensorExternal,
      joinBytes([bytesField(1, utf8.encode(key)), bytesField(2, utf8.encode(String(value)))]),
    ),
  );
  return joinBytes([head, ...entries, varintField(14, EXTERNAL)]);
}

/** @param tensors the content of each TensorProto */
function graphFile(model: LiftedModel, tensors: readonly (readonly Span[])[]): RenderedFile {
  const graph: readonly Span[] = [
    ...model.graphFields.map((bytes) => ({ bytes })),
    ...tensors.flatMap((spans) => [
      { bytes: lengthField(FIELD.graphInitializer, lengthOf(spans)) },
      ...spans,
    ]),
  ];
  const spans: readonly Span[] = [
    ...model.modelFields.map((bytes) => ({ bytes })),
    { bytes: lengthField(FIELD.modelGraph, lengthOf(graph)) },
    ...graph,
  ];
  return { name: GRAPH_FILE, spans };
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + spanLength(span), 0);
}
