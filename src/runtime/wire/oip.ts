/**
 * A request of the Open Inference Protocol v2: JSON, whose tensors may follow it as raw bytes.
 *
 * @source open-inference-protocol: specification/protocol/inference_rest.md; triton-inference-server:
 *   docs/protocol/extension_binary_data.md
 */

import { ScoringError } from "../../core/problem.ts";
import type { Signature, TensorSpec } from "../../core/tensors/signature.ts";
import { DTYPES, shapeFits } from "../../core/tensors/tensor.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";
import { isObject } from "./json/scanner.ts";
import type { JsonObject, JsonValue } from "./json/scanner.ts";
import { mismatch, parseTensor } from "./json/tensor.ts";
import { complete, findInput, kindOf, list, outputNames, quote } from "./model-request.ts";
import type { AnswerForm, Feeds, ModelRequest } from "./model-request.ts";
import { NumberList } from "./json/number-list.ts";
import { parseRawTensor } from "./raw-tensor.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * @param binary what follows the JSON: the raw tensors in the order of its inputs
 * @throws ScoringError INPUT_FORM, INPUT_NAME, INPUT_SHAPE, INPUT_TYPE
 */
export function parseOip(
  signature: Signature,
  body: JsonValue,
  binary: Uint8Array = NO_BYTES,
): ModelRequest {
  if (!isObject(body)) {
    throw new ScoringError(
      "INPUT_FORM",
      `the body is ${kindOf(body)}, expected an object with "inputs"`,
    );
  }
  const feeds = parseInputs(signature, body["inputs"], binary);
  const { names, isBinary } = parseOutputs(signature, body);
  return { feeds, outputs: names, form: { kind: "oip", ...parseId(body["id"]), isBinary } };
}

function parseId(id: JsonValue | undefined): { id?: string } {
  if (id === undefined) return {};
  if (typeof id === "string") return { id };
  throw new ScoringError("INPUT_FORM", `"id" is ${kindOf(id)}, expected a string`);
}

function parseInputs(
  signature: Signature,
  inputs: JsonValue | undefined,
  binary: Uint8Array,
): Feeds {
  if (!Array.isArray(inputs)) {
    throw new ScoringError(
      "INPUT_FORM",
      `"inputs" is ${kindOf(inputs)}, expected a list of tensors`,
    );
  }
  const feeds: Record<string, Tensor> = {};
  let offset = 0;
  for (const item of inputs as readonly JsonValue[]) {
    if (!isObject(item)) {
      throw new ScoringError(
        "INPUT_FORM",
        `an entry of "inputs" is ${kindOf(item)}, expected an object`,
      );
    }
    const spec = findInput(signature, item["name"]);
    if (Object.hasOwn(feeds, spec.name)) {
      throw new ScoringError("INPUT_NAME", `input '${spec.name}' is given twice`);
    }
    checkDatatype(spec, item["datatype"]);
    const size = binarySize(spec, item);
    if (size === undefined) feeds[spec.name] = parseJsonTensor(spec, item);
    else {
      feeds[spec.name] = parseBinaryTensor(spec, item["shape"], slice(spec, binary, offset, size));
      offset += size;
    }
  }
  if (offset !== binary.length) {
    throw new ScoringError(
      "INPUT_FORM",
      `${binary.length} bytes follow the JSON, its inputs take ${offset} of them`,
    );
  }
  return complete(signature, feeds);
}

function checkDatatype(spec: TensorSpec, datatype: JsonValue | undefined): void {
  const expected = DTYPES[spec.type].oip;
  if (datatype === undefined || datatype === expected) return;
  const found =
    typeof datatype === "string"
      ? `datatype ${datatype.slice(0, 40)}`
      : `a datatype that is ${kindOf(datatype)}`;
  throw new ScoringError("INPUT_TYPE", `input '${spec.name}' has ${found}, expected ${expected}`);
}

function binarySize(spec: TensorSpec, item: JsonObject): number | undefined {
  const { parameters } = item;
  const size = isObject(parameters ?? null)
    ? (parameters as JsonObject)["binary_data_size"]
    : undefined;
  if (size === undefined) return undefined;
  if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
  throw new ScoringError(
    "INPUT_FORM",
    `input '${spec.name}' has a "binary_data_size" that is no size`,
  );
}

function slice(
  spec: TensorSpec,
  binary: Uint8Array,
  ...[offset, size]: [number, number]
): Uint8Array {
  if (offset + size <= binary.length) return binary.subarray(offset, offset + size);
  throw new ScoringError(
    "INPUT_FORM",
    `input '${spec.name}' takes ${size} bytes after the JSON, ${binary.length - offset} are left`,
  );
}

function parseJsonTensor(spec: TensorSpec, item: JsonObject): Tensor {
  const { shape, data } = item;
  if (data === undefined) {
    throw new ScoringError("INPUT_FORM", `input '${spec.name}' has no "data"`);
  }
  const value = typeof data === "object" && data !== null ? data : [data];
  return shape === undefined
    ? parseTensor(spec, value)
    : parseTensor(spec, value, parseShape(spec, shape));
}

function parseBinaryTensor(
  spec: TensorSpec,
  shape: JsonValue | undefined,
  bytes: Uint8Array,
): Tensor {
  const dims = parseShape(spec, shape ?? null);
  if (spec.shape !== null && !shapeFits(spec.shape, dims)) throw mismatch(spec, dims);
  return parseRawTensor(spec, dims, bytes);
}

function parseShape(spec: TensorSpec, shape: JsonValue): readonly number[] {
  const dims = dimsOf(shape);
  if (dims !== undefined) return dims;
  throw new ScoringError(
    "INPUT_SHAPE",
    `input '${spec.name}' has a "shape" that is no list of whole numbers from 0`,
  );
}

function dimsOf(shape: JsonValue): readonly number[] | undefined {
  const values = shape instanceof NumberList && shape.dims.length === 1 ? shape.data : shape;
  if (!(values instanceof Float64Array || Array.isArray(values))) return undefined;
  const dims: number[] = [];
  for (const dim of values as Iterable<JsonValue>) {
    if (typeof dim !== "number" || !Number.isSafeInteger(dim) || dim < 0) return undefined;
    dims.push(dim);
  }
  return dims;
}

/** The outputs asked for, all where none is named, and which of them go out as raw bytes. */
function parseOutputs(
  signature: Signature,
  body: JsonObject,
): { names: readonly string[]; isBinary: Extract<AnswerForm, { kind: "oip" }>["isBinary"] } {
  const { outputs } = body;
  const all = outputNames(signature);
  const otherwise = flagOf(body, "binary_data_output") ?? false;
  if (outputs === undefined) return { names: all, isBinary: () => otherwise };
  if (!Array.isArray(outputs)) {
    throw new ScoringError("INPUT_FORM", `"outputs" is ${kindOf(outputs)}, expected a list`);
  }
  const flags = new Map<string, boolean>();
  for (const item of outputs as readonly JsonValue[]) {
    const name = isObject(item) ? item["name"] : undefined;
    if (typeof name !== "string" || !all.includes(name)) {
      throw new ScoringError(
        "INPUT_NAME",
        `output ${quote(name)} is unknown, the model has ${list(all)}`,
      );
    }
    flags.set(name, flagOf(item as JsonObject, "binary_data") ?? otherwise);
  }
  const names = flags.size === 0 ? all : [...flags.keys()];
  return { names, isBinary: (name) => flags.get(name) ?? otherwise };
}

function flagOf({ parameters }: JsonObject, name: string): boolean | undefined {
  const flag = isObject(parameters ?? null) ? (parameters as JsonObject)[name] : undefined;
  if (flag === undefined || typeof flag === "boolean") return flag;
  throw new ScoringError("INPUT_FORM", `"${name}" is ${kindOf(flag)}, expected true or false`);
}
