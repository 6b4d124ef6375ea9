/** The split form of a table, `{"columns": […], "index": […], "data": [[…]]}`, as tensors. */

import { ScoringError } from "../../../core/problem.ts";
import type { Signature } from "../../../core/tensors/signature.ts";
import type { JsonObject, JsonValue } from "./scanner.ts";
import { parseTensor } from "./tensor.ts";
import type { Feeds } from "../model-request.ts";
import { NumberList } from "./number-list.ts";

/**
 * Columns go to inputs of the same name, each as `[rows, 1]` or `[rows]`; a model with a single input
 * takes the whole table as one matrix, columns in the order given. `index` is not needed.
 *
 * @throws ScoringError INPUT_FORM, INPUT_NAME, INPUT_SHAPE, INPUT_TYPE
 */
export function parseColumns(signature: Signature, table: JsonObject): Feeds {
  const { columns, data = null } = table;
  const names: readonly JsonValue[] = Array.isArray(columns)
    ? (columns as readonly JsonValue[])
    : [];
  const byName = signature.inputs.every((input) => names.includes(input.name));
  const [single, ...others] = signature.inputs;
  if (!byName && single !== undefined && others.length === 0) {
    return { [single.name]: parseTensor(single, data) };
  }
  const rows = rowsOf(data);
  const feeds = signature.inputs.map((input) => {
    const column = names.indexOf(input.name);
    if (column < 0) {
      throw new ScoringError("INPUT_NAME", `the table has no column '${input.name}'`);
    }
    const values = rows.map((row, index) => {
      const value = row.length === names.length ? row[column] : undefined;
      if (value !== undefined) return value;
      throw new ScoringError(
        "INPUT_SHAPE",
        `row ${index} of the table has ${row.length} values, expected ${names.length}`,
      );
    });
    return [input.name, parseTensor(input, values)] as const;
  });
  return Object.fromEntries(feeds);
}

function rowsOf(data: JsonValue): readonly (readonly JsonValue[])[] {
  const rows = listOf(data)?.map(listOf);
  if (rows === undefined || rows.includes(undefined)) {
    throw new ScoringError("INPUT_FORM", 'the table\'s "data" is not a list of rows');
  }
  return rows as readonly (readonly JsonValue[])[];
}

function listOf(value: JsonValue): readonly JsonValue[] | undefined {
  if (value instanceof NumberList) return value.toNested() as readonly JsonValue[];
  return Array.isArray(value) ? (value as readonly JsonValue[]) : undefined;
}
