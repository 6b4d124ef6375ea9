/** Rows first: `{"instances": [value or {name: value}, …]}`, as TensorFlow Serving takes them. */

import { ScoringError } from "../../../core/problem.ts";
import type { Signature } from "../../../core/tensors/signature.ts";
import { isObject } from "./scanner.ts";
import type { JsonValue } from "./scanner.ts";
import { parseTensor } from "./tensor.ts";
import { findInput, kindOf, soleInput } from "../model-request.ts";
import type { Feeds } from "../model-request.ts";
import { NumberList } from "./number-list.ts";

/** @throws ScoringError INPUT_FORM, INPUT_NAME, INPUT_SHAPE, INPUT_TYPE */
export function parseInstances(
  signature: Signature,
  instances: JsonValue,
): { feeds: Feeds; rows: number } {
  if (instances instanceof NumberList) {
    const spec = soleInput(signature, '"instances" is a list of numbers');
    return { feeds: { [spec.name]: parseTensor(spec, instances) }, rows: instances.dims[0] ?? 0 };
  }
  if (!Array.isArray(instances)) {
    throw new ScoringError("INPUT_FORM", `"instances" is ${kindOf(instances)}, expected a list`);
  }
  const items = instances as readonly JsonValue[];
  const rows = items.length;
  if (!items.some(isObject)) {
    const spec = soleInput(signature, '"instances" is a list of values');
    return { feeds: { [spec.name]: parseTensor(spec, items) }, rows };
  }
  for (const [row, item] of items.entries()) {
    if (!isObject(item)) {
      throw new ScoringError(
        "INPUT_FORM",
        `instance ${row} is ${kindOf(item)}, the first an object`,
      );
    }
    for (const name of Object.keys(item)) findInput(signature, name);
  }
  const columns = signature.inputs.map((spec) => {
    const values = items.map((item, row): JsonValue => {
      const value = isObject(item) && Object.hasOwn(item, spec.name) ? item[spec.name] : undefined;
      if (value !== undefined) return value;
      throw new ScoringError("INPUT_NAME", `instance ${row} has no value for input '${spec.name}'`);
    });
    return [spec.name, parseTensor(spec, values)] as const;
  });
  return { feeds: Object.fromEntries(columns), rows };
}
