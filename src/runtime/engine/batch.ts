/** Several requests as one run along axis 0, and its outputs as theirs again. */

import type { Signature } from "../../core/tensors/signature.ts";
import { allocate, elementCount } from "../../core/tensors/tensor.ts";
import type { Tensor, TensorData } from "../../core/tensors/tensor.ts";
import type { Feeds, ModelRequest } from "../wire/model-request.ts";

/**
 * Whether rows can be put together at all: every input and output has the same symbolic axis 0, and
 * none other is open. Whether it gains anything, and changes nothing, is for the profile to find out.
 */
export function isBatchable({ inputs, outputs }: Signature): boolean {
  const tensors = [...inputs, ...outputs];
  return (
    inputs.length > 0 &&
    tensors.every(({ shape }) => {
      const [axis, ...rest] = shape ?? [];
      return typeof axis === "string" && rest.every((dim) => typeof dim === "number");
    })
  );
}

/** Consecutive requests whose rows together stay within `maxRows`; a larger one runs alone. */
export function groupForRuns<T extends { readonly request: ModelRequest }>(
  items: readonly T[],
  signature: Signature,
  maxRows: number,
): readonly (readonly T[])[] {
  if (maxRows <= 1) return items.map((item) => [item]);
  const groups: T[][] = [];
  let rows = 0;
  for (const item of items) {
    const more = rowsOf(signature, item.request.feeds);
    const last = groups.at(-1);
    if (last === undefined || more === undefined || rows + more > maxRows) {
      groups.push([item]);
      rows = more ?? maxRows;
    } else {
      last.push(item);
      rows += more;
    }
  }
  return groups;
}

/** Rows of a request; undefined where its inputs do not agree, which the model may judge alone. */
function rowsOf({ inputs }: Signature, feeds: Feeds): number | undefined {
  const [first, ...others] = inputs.map(({ name }) => feeds[name]?.dims[0]);
  return first !== undefined && first > 0 && others.every((rows) => rows === first)
    ? first
    : undefined;
}

export function joinFeeds({ inputs }: Signature, requests: readonly ModelRequest[]): Feeds {
  const joined = inputs.map(({ name }) => {
    return [name, joinTensors(requests.map(({ feeds }) => feeds[name] as Tensor))] as const;
  });
  return Object.fromEntries(joined);
}

/** Tensors one below the other. */
export function joinTensors(tensors: readonly Tensor[]): Tensor {
  const [first, ...others] = tensors;
  if (first === undefined) throw new Error("nothing to join");
  if (others.length === 0) return first;
  const rows = tensors.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  const dims = [rows, ...first.dims.slice(1)];
  if (first.type === "string") {
    return { type: "string", dims, data: tensors.flatMap(({ data }) => [...(data as string[])]) };
  }
  const data = allocate(first.type, elementCount(dims));
  let at = 0;
  for (const tensor of tensors) {
    (data as Float32Array).set(tensor.data as Float32Array, at);
    at += elementCount(tensor.dims);
  }
  return { type: first.type, dims, data };
}

/**
 * Each request's share of the outputs of a run together, in the order of its own output names;
 * undefined where an output does not have the rows of the inputs.
 */
export function splitOutputs(
  requests: readonly ModelRequest[],
  names: readonly string[],
  outputs: readonly Tensor[],
): readonly (readonly Tensor[])[] | undefined {
  const rows = requests.map(({ feeds }) => Object.values(feeds)[0]?.dims[0] ?? 0);
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (outputs.some(({ dims }) => dims[0] !== total)) return undefined;
  let start = 0;
  return requests.map((request, index) => {
    const end = start + (rows[index] ?? 0);
    const share = request.outputs.map((name) => {
      return sliceRows(outputs[names.indexOf(name)] as Tensor, start, end);
    });
    start = end;
    return share;
  });
}

/** Rows `start` to `end`, a view where the data is a typed array. */
function sliceRows({ type, dims, data }: Tensor, start: number, end: number): Tensor {
  const rest = dims.slice(1);
  const width = elementCount(rest);
  const part: TensorData = ArrayBuffer.isView(data)
    ? data.subarray(start * width, end * width)
    : data.slice(start * width, end * width);
  return { type, dims: [end - start, ...rest], data: part };
}
