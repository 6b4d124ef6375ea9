/**
 * What can go from a model without changing what it computes? Constants that stand among the graph's
 * inputs (there ONNX Runtime takes them for overridable and folds nothing), unused constants, and
 * documentation.
 */

import { fieldsOf, varintField } from "../protobuf.ts";
import type { Initializer } from "./initializer.ts";
import type { LiftedModel } from "./lift.ts";
import { FIELD, messagesIn, SHAPES, undocumented } from "./bytes/messages.ts";
import { usedNames } from "./uses.ts";

export type Trimmed = {
  readonly model: LiftedModel;
  readonly gains: TrimGains;
};

export type TrimGains = {
  /** Constants taken out of the graph's inputs. */
  readonly freedConstants: number;
  readonly unusedConstants: number;
  readonly documentationBytes: number;
};

/** Initializers that are no inputs exist from this version on. @source onnx/onnx: docs/IR.md */
const FIRST_FREE_IR = 4;
const MODEL_INNER = { [FIELD.modelFunction]: "function" } as const;
const text = new TextDecoder();

/** A model that this cannot touch, with the reason. */
export type Untouched = { readonly reason: string };

export function trimModel(model: LiftedModel): Trimmed | Untouched {
  const reason = whyUntouched(model);
  if (reason !== undefined) return { reason };
  // In the order of their first use, which is the order of their bytes in the weights files.
  const places = new Map(usedNames(model.graphFields).map((name, place) => [name, place]));
  const placeOf = ({ name }: Initializer): number => places.get(name) ?? places.size;
  const used = model.initializers.filter(({ name }) => places.has(name));
  const initializers = used.toSorted((a, b) => placeOf(a) - placeOf(b));
  const constants = new Set(model.initializers.map(({ name }) => name));
  const graphFields: Uint8Array[] = [];
  let freedConstants = 0;
  for (const raw of model.graphFields) {
    const number = numberOf(raw);
    const name = nameOfValue(raw);
    if (number === FIELD.graphInput && constants.has(name)) freedConstants += 1;
    else if (number !== FIELD.graphValue || !constants.has(name) || places.has(name))
      graphFields.push(...withoutDocs(raw, FIELD.graphDocumentation, SHAPES.graph.inner));
  }
  const modelFields = model.modelFields
    .flatMap((raw) => withoutDocs(raw, FIELD.modelDocumentation, MODEL_INNER))
    .map((raw) => (numberOf(raw) === FIELD.modelIrVersion ? freeIrVersion(raw) : raw));
  return {
    model: { ...model, modelFields, graphFields, initializers },
    gains: {
      freedConstants,
      unusedConstants: constants.size - initializers.length,
      documentationBytes: documentationBytes(model),
    },
  };
}

function whyUntouched({ modelFields, graphFields, initializers }: LiftedModel): string | undefined {
  const numbers = new Set(modelFields.map(numberOf));
  if (numbers.has(FIELD.modelTraining)) return "it holds training information";
  if (!numbers.has(FIELD.modelOpset)) return "it names no operator set";
  if (new Set(initializers.map(({ name }) => name)).size < initializers.length)
    return "two of its constants have one name";
  return graphFields.some(hasExternalAttribute)
    ? "a node keeps a tensor in a file beside the model"
    : undefined;
}

function hasExternalAttribute(raw: Uint8Array): boolean {
  const [field] = fieldsOf(raw);
  if (field?.number !== FIELD.graphNode) return false;
  for (const { kind, message } of messagesIn(field.bytes, "node")) {
    if (kind !== "tensor") continue;
    for (const { number } of fieldsOf(message)) if (number === FIELD.tensorExternal) return true;
  }
  return false;
}

function withoutDocs(
  raw: Uint8Array,
  documentation: number,
  inner: Parameters<typeof undocumented>[1],
): readonly Uint8Array[] {
  return [...fieldsOf(raw)]
    .filter(({ number }) => number !== documentation)
    .map((field) => undocumented(field, inner));
}

function documentationBytes({ modelFields, graphFields }: LiftedModel): number {
  const lost = [
    ...modelFields.map((raw) => lostBytes(raw, FIELD.modelDocumentation, MODEL_INNER)),
    ...graphFields.map((raw) => lostBytes(raw, FIELD.graphDocumentation, SHAPES.graph.inner)),
  ];
  return lost.reduce((sum, bytes) => sum + bytes, 0);
}

function lostBytes(...[raw, ...rest]: Parameters<typeof withoutDocs>): number {
  return withoutDocs(raw, ...rest).reduce((left, bytes) => left - bytes.length, raw.length);
}

function freeIrVersion(raw: Uint8Array): Uint8Array {
  const [field] = fieldsOf(raw);
  return field !== undefined && field.value < FIRST_FREE_IR
    ? varintField(FIELD.modelIrVersion, FIRST_FREE_IR)
    : raw;
}

function numberOf(raw: Uint8Array): number {
  const [field] = fieldsOf(raw);
  return field?.number ?? 0;
}

/** Of a ValueInfoProto in a field of the graph. */
function nameOfValue(raw: Uint8Array): string {
  const [field] = fieldsOf(raw);
  if (field === undefined || field.number === FIELD.graphNode || field.wireType !== 2) return "";
  if (![FIELD.graphInput, FIELD.graphValue].some((number) => number === field.number)) return "";
  for (const part of fieldsOf(field.bytes)) if (part.number === 1) return text.decode(part.bytes);
  return "";
}
