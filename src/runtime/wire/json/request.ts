/** The JSON bodies that `/score` takes, told apart and turned into tensors. */

import { ScoringError } from "../../../core/problem.ts";
import type { Signature } from "../../../core/tensors/signature.ts";
import { parseColumns } from "./columns.ts";
import { parseInstances } from "./instances.ts";
import { isObject } from "./scanner.ts";
import type { JsonValue } from "./scanner.ts";
import { parseTensor } from "./tensor.ts";
import { complete, findInput, kindOf, outputNames, soleInput } from "../model-request.ts";
import type { Feeds, ModelRequest } from "../model-request.ts";
import { parseOip } from "../oip.ts";

const FORMS = '"inputs", "input_data", "instances" or "data"';

/** @throws ScoringError INPUT_FORM, INPUT_NAME, INPUT_SHAPE, INPUT_TYPE */
export function parseJsonRequest(signature: Signature, value: JsonValue): ModelRequest {
  if (!isObject(value)) {
    throw new ScoringError(
      "INPUT_FORM",
      `the body is ${kindOf(value)}, expected an object with ${FORMS}`,
    );
  }
  const { inputs, instances, input_data: inputData, data } = value;
  const outputs = outputNames(signature);
  if (inputs !== undefined) {
    if (!isObject(inputs)) return parseOip(signature, value);
    return { feeds: parseNamed(signature, inputs), outputs, form: { kind: "outputs" } };
  }
  if (instances !== undefined) {
    const { feeds, rows } = parseInstances(signature, instances);
    return { feeds, outputs, form: { kind: "predictions", rows } };
  }
  if (inputData !== undefined) {
    return {
      feeds: parseData(signature, inputData, "input_data"),
      outputs,
      form: { kind: "outputs" },
    };
  }
  if (data !== undefined) {
    return { feeds: parseData(signature, data, "data"), outputs, form: { kind: "outputs" } };
  }
  const keys = Object.keys(value)
    .slice(0, 5)
    .map((key) => `'${key.slice(0, 40)}'`);
  const found = keys.length === 0 ? "no keys" : `the keys ${keys.join(", ")}`;
  throw new ScoringError("INPUT_FORM", `the body has ${found}, expected ${FORMS}`);
}

function parseNamed(signature: Signature, values: Readonly<Record<string, JsonValue>>): Feeds {
  const feeds: Record<string, Feeds[string]> = {};
  for (const [name, value] of Object.entries(values)) {
    const spec = findInput(signature, name);
    feeds[spec.name] = parseTensor(spec, value);
  }
  return complete(signature, feeds);
}

function parseData(signature: Signature, value: JsonValue, key: string): Feeds {
  if (isObject(value)) {
    const isTable = value["columns"] !== undefined || value["index"] !== undefined;
    return isTable ? parseColumns(signature, value) : parseNamed(signature, value);
  }
  const spec = soleInput(signature, `"${key}" is ${kindOf(value)}`);
  return { [spec.name]: parseTensor(spec, value) };
}
