/** The split form of a table, `{"columns": […], "index": […], "data": [[…]]}`, as tensors. */

import { ScoringError } from "../../core/problem.ts";
import type { Signature } from "../../core/signature.ts";
import type { Tensor } from "../../core/tensor.ts";
import { parseTensor } from "./json-tensor.ts";

/**
 * Columns go to inputs of the same name, each as `[rows, 1]` or `[rows]`; a model with a single input
 * takes the whole table as one matrix, columns in the order given. `index` is not needed.
 *
 * @throws ScoringError INPUT_FORM, INPUT_NAME, INPUT_SHAPE, INPUT_TYPE
 */
export function parseColumns(
  signature: Signature,
  table: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Tensor>> {
  const { columns, data } = table;
  if (!Array.isArray(data) || !data.every(Array.isArray)) {
    throw new ScoringError("INPUT_FORM", 'the table\'s "data" is not a list of rows');
  }
  const names: readonly unknown[] = Array.isArray(columns) ? columns : [];
  const byName = signature.inputs.every((input) => names.includes(input.name));
  const [single, ...others] = signature.inputs;
  if (!byName && single !== undefined && others.length === 0) {
    return { [single.name]: parseTensor(single, data) };
  }
  return Object.fromEntries(
    signature.inputs.map((input) => {
      const column = names.indexOf(input.name);
      if (column < 0) {
        throw new ScoringError("INPUT_NAME", `the table has no column '${input.name}'`);
      }
      const values = data.map((row: readonly unknown[], index) => {
        if (row.length === names.length) return row[column];
        throw new ScoringError(
          "INPUT_SHAPE",
          `row ${index} of the table has ${row.length} values, expected ${names.length}`,
        );
      });
      return [input.name, parseTensor(input, values)] as const;
    }),
  );
}
