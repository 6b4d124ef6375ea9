/** A model's inputs and outputs as JSON Schema, and a request that the model takes. */

import type { OutputSpec, Signature, TensorSpec } from "../../../core/tensors/signature.ts";
import { elementCount, showShape } from "../../../core/tensors/tensor.ts";
import type { DType } from "../../../core/tensors/tensor.ts";

export type Schema = Readonly<Record<string, unknown>>;

const ITEMS: Readonly<Record<DType, Schema>> = {
  float32: { type: "number", format: "float" },
  float64: { type: "number", format: "double" },
  float16: { type: "number", format: "float" },
  int8: { type: "integer", format: "int32", minimum: -128, maximum: 127 },
  uint8: { type: "integer", format: "int32", minimum: 0, maximum: 255 },
  int16: { type: "integer", format: "int32", minimum: -32_768, maximum: 32_767 },
  uint16: { type: "integer", format: "int32", minimum: 0, maximum: 65_535 },
  int32: { type: "integer", format: "int32" },
  uint32: { type: "integer", format: "int64", minimum: 0, maximum: 4_294_967_295 },
  int64: { type: "integer", format: "int64" },
  uint64: { type: "integer", format: "int64", minimum: 0 },
  bool: { type: "boolean" },
  string: { type: "string" },
};

/** Larger requests are no example that anybody reads. */
const MAX_EXAMPLE_ELEMENTS = 500_000;

/** A body of the shortest form that fits: `data` for a single input, else `inputs` by name. */
export function requestSchema({ inputs }: Signature): Schema {
  const [single, ...others] = inputs;
  return single !== undefined && others.length === 0
    ? object({ data: inputSchema(single) })
    : object({ inputs: object(byName(inputs, inputSchema)) });
}

/** Zeros of one item in that form; `undefined` where that were too many. */
export function exampleRequest({ inputs }: Signature): unknown {
  const dims = inputs.map((input) => oneItem(input));
  if (dims.some((sizes) => elementCount(sizes) > MAX_EXAMPLE_ELEMENTS)) return undefined;
  const [single, ...others] = inputs;
  if (single !== undefined && others.length === 0) return { data: zeros(single.type, dims[0]) };
  return { inputs: byName(inputs, (input, index) => zeros(input.type, dims[index])) };
}

export function answerSchema({ outputs }: Signature): Schema {
  return object({ outputs: object(byName(outputs, outputSchema)) });
}

function object(properties: Readonly<Record<string, unknown>>): Schema {
  const names = Object.keys(properties);
  return { type: "object", ...(names.length > 0 && { required: names }), properties };
}

function byName<T extends TensorSpec>(
  specs: readonly T[],
  value: (spec: T, index: number) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(specs.map((spec, index) => [spec.name, value(spec, index)]));
}

function inputSchema(spec: TensorSpec): Schema {
  const { type, shape } = spec;
  if (shape === null) return { description: describe(spec) };
  const nested = shape.toReversed().reduce<Schema>((items, dim) => {
    const size = typeof dim === "number" ? { minItems: dim, maxItems: dim } : {};
    return { type: "array", items, ...size };
  }, ITEMS[type]);
  return { ...nested, description: describe(spec) };
}

/** Without sizes: what a model declares of its outputs does not bind it. */
function outputSchema(spec: OutputSpec): Schema {
  const { type, shape, labels } = spec;
  if (labels !== undefined) {
    const row = object(Object.fromEntries(labels.map((label) => [label, ITEMS[type]])));
    return { type: "array", items: row, description: "an object for each row" };
  }
  if (shape === null) return { description: describe(spec) };
  const nested = shape.reduce<Schema>((items) => ({ type: "array", items }), ITEMS[type]);
  return { ...nested, description: describe(spec) };
}

function describe({ type, shape }: TensorSpec): string {
  return `${type} ${shape === null ? "of any shape" : showShape(shape)}`;
}

function oneItem({ shape }: TensorSpec): readonly number[] {
  return (shape ?? [1]).map((dim) => (typeof dim === "number" ? dim : 1));
}

function zeros(type: DType, [size, ...inner]: readonly number[] = []): unknown {
  if (size !== undefined) return Array.from({ length: size }, () => zeros(type, inner));
  if (type === "string") return "";
  return type === "bool" ? false : 0;
}
