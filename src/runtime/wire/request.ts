/** The JSON bodies that `/score` takes, told apart and turned into tensors. */

import { ScoringError } from "../../core/problem.ts";
import type { Signature, TensorSpec } from "../../core/signature.ts";
import { DTYPES } from "../../core/tensor.ts";
import type { Tensor } from "../../core/tensor.ts";
import { parseTensor } from "./json-tensor.ts";
import { parseColumns } from "./columns.ts";

/** How the answer is written: each form of request has its own. */
export type AnswerForm =
  | { readonly kind: "oip"; readonly id?: string }
  /** One prediction for each of `rows` instances. */
  | { readonly kind: "predictions"; readonly rows: number }
  | { readonly kind: "outputs" };

export type ModelRequest = {
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Names of the outputs to compute, in the order of the answer. */
  readonly outputs: readonly string[];
  readonly form: AnswerForm;
};

type JsonObject = Readonly<Record<string, unknown>>;

const FORMS = '"inputs", "input_data", "instances" or "data"';

/**
 * Reads one request body.
 *
 * @param value the parsed JSON
 * @throws ScoringError INPUT_FORM, INPUT_NAME, INPUT_SHAPE, INPUT_TYPE
 */
export function parseModelRequest(signature: Signature, value: unknown): ModelRequest {
  if (!isObject(value)) {
    throw new ScoringError(
      "INPUT_FORM",
      `the body is ${kindOf(value)}, expected an object with ${FORMS}`,
    );
  }
  const all = signature.outputs.map((output) => output.name);
  if (Object.hasOwn(value, "inputs")) {
    if (Array.isArray(value["inputs"])) return parseOip(signature, value);
    return {
      feeds: parseNamed(signature, value["inputs"], "inputs"),
      outputs: all,
      form: { kind: "outputs" },
    };
  }
  if (Object.hasOwn(value, "instances")) {
    const { feeds, rows } = parseInstances(signature, value["instances"]);
    return { feeds, outputs: all, form: { kind: "predictions", rows } };
  }
  for (const key of ["input_data", "data"]) {
    if (Object.hasOwn(value, key)) {
      const feeds = parseData(signature, value[key], key);
      return { feeds, outputs: all, form: { kind: "outputs" } };
    }
  }
  const keys = Object.keys(value)
    .slice(0, 5)
    .map((key) => `'${key.slice(0, 40)}'`);
  throw new ScoringError(
    "INPUT_FORM",
    `the body has ${keys.length === 0 ? "no keys" : `the keys ${keys.join(", ")}`}, expected ${FORMS}`,
  );
}

function parseOip(signature: Signature, body: JsonObject): ModelRequest {
  const feeds: Record<string, Tensor> = Object.create(null);
  for (const item of body["inputs"] as readonly unknown[]) {
    if (!isObject(item)) {
      throw new ScoringError(
        "INPUT_FORM",
        `an entry of "inputs" is ${kindOf(item)}, expected an object`,
      );
    }
    const spec = findInput(signature, item["name"]);
    if (feeds[spec.name] !== undefined) {
      throw new ScoringError("INPUT_NAME", `input '${spec.name}' is given twice`);
    }
    feeds[spec.name] = parseOipTensor(spec, item);
  }
  const id = body["id"];
  return {
    feeds: complete(signature, feeds),
    outputs: parseOutputs(signature, body["outputs"]),
    form: typeof id === "string" ? { kind: "oip", id } : { kind: "oip" },
  };
}

function parseOipTensor(spec: TensorSpec, item: JsonObject): Tensor {
  const { datatype, shape, data } = item;
  const expected = DTYPES[spec.type].oip;
  if (datatype !== undefined && datatype !== expected) {
    throw new ScoringError(
      "INPUT_TYPE",
      `input '${spec.name}' has datatype ${JSON.stringify(datatype)}, expected ${expected}`,
    );
  }
  if (shape !== undefined && !isShape(shape)) {
    throw new ScoringError(
      "INPUT_SHAPE",
      `input '${spec.name}' has a "shape" that is no list of whole numbers from 0`,
    );
  }
  if (data === undefined) {
    throw new ScoringError("INPUT_FORM", `input '${spec.name}' has no "data"`);
  }
  return parseTensor(spec, Array.isArray(data) ? data : [data], shape);
}

function isShape(shape: unknown): shape is readonly number[] {
  return Array.isArray(shape) && shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
}

function parseOutputs(signature: Signature, outputs: unknown): readonly string[] {
  const all = signature.outputs.map((output) => output.name);
  if (outputs === undefined) return all;
  if (!Array.isArray(outputs)) {
    throw new ScoringError("INPUT_FORM", `"outputs" is ${kindOf(outputs)}, expected a list`);
  }
  if (outputs.length === 0) return all;
  return outputs.map((item) => {
    const name: unknown = isObject(item) ? item["name"] : undefined;
    if (typeof name === "string" && all.includes(name)) return name;
    throw new ScoringError(
      "INPUT_NAME",
      `output ${quote(name)} is unknown, the model has ${list(all)}`,
    );
  });
}

function parseNamed(
  signature: Signature,
  value: unknown,
  key: string,
): Readonly<Record<string, Tensor>> {
  if (!isObject(value)) {
    throw new ScoringError(
      "INPUT_FORM",
      `"${key}" is ${kindOf(value)}, expected a list or an object`,
    );
  }
  const feeds: Record<string, Tensor> = Object.create(null);
  for (const [name, data] of Object.entries(value)) {
    const spec = findInput(signature, name);
    feeds[spec.name] = parseTensor(spec, data);
  }
  return complete(signature, feeds);
}

function parseData(
  signature: Signature,
  value: unknown,
  key: string,
): Readonly<Record<string, Tensor>> {
  if (isObject(value)) {
    return Array.isArray(value["columns"]) || Array.isArray(value["data"])
      ? parseColumns(signature, value)
      : parseNamed(signature, value, key);
  }
  return { [soleInput(signature, key).name]: parseTensor(soleInput(signature, key), value) };
}

/** Rows first: a list of values for a single input, or of objects with a value for each input. */
function parseInstances(
  signature: Signature,
  instances: unknown,
): { feeds: Readonly<Record<string, Tensor>>; rows: number } {
  if (!Array.isArray(instances)) {
    throw new ScoringError("INPUT_FORM", `"instances" is ${kindOf(instances)}, expected a list`);
  }
  const rows = instances.length;
  if (!instances.some(isObject)) {
    const spec = soleInput(signature, "instances");
    return { feeds: { [spec.name]: parseTensor(spec, instances) }, rows };
  }
  const columns = signature.inputs.map((spec) => {
    const values = instances.map((instance, row) => {
      if (isObject(instance) && Object.hasOwn(instance, spec.name)) return instance[spec.name];
      throw new ScoringError("INPUT_NAME", `instance ${row} has no value for input '${spec.name}'`);
    });
    return [spec.name, parseTensor(spec, values)] as const;
  });
  for (const name of instances.flatMap((instance) => Object.keys(instance as object))) {
    findInput(signature, name);
  }
  return { feeds: Object.fromEntries(columns), rows };
}

function findInput(signature: Signature, name: unknown): TensorSpec {
  const spec = signature.inputs.find((input) => input.name === name);
  if (spec !== undefined) return spec;
  const names = signature.inputs.map((input) => input.name);
  throw new ScoringError(
    "INPUT_NAME",
    `input ${quote(name)} is unknown, the model has ${list(names)}`,
  );
}

function complete<T>(signature: Signature, feeds: Readonly<Record<string, T>>): typeof feeds {
  const missing = signature.inputs.filter((input) => feeds[input.name] === undefined);
  if (missing.length === 0) return feeds;
  throw new ScoringError(
    "INPUT_NAME",
    `there is no value for input ${list(missing.map((input) => input.name))}`,
  );
}

function soleInput(signature: Signature, key: string): TensorSpec {
  const [spec, ...others] = signature.inputs;
  if (spec !== undefined && others.length === 0) return spec;
  throw new ScoringError(
    "INPUT_FORM",
    `"${key}" is a list, which fits a model of one input; this one has ${list(signature.inputs.map((input) => input.name))}: send {"inputs": {name: …}}`,
  );
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "absent";
  if (Array.isArray(value)) return "a list";
  return value === null ? "null" : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

function quote(name: unknown): string {
  return typeof name === "string" ? `'${name.slice(0, 100)}'` : `that is ${kindOf(name)}`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}
