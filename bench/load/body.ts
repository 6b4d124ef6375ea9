/** What does a request of a model carry: flat data of six decimals, as JSON or as raw bytes? */

import type { BenchModel } from "../models/bench-model.ts";
import { seededNumbers } from "../models/seeded-numbers.ts";

export type Body = {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
};

const DECIMALS = 6;

/** The same numbers for every server. */
export function inputNumbers({ input }: BenchModel): readonly string[] {
  const next = seededNumbers(11);
  const length = input.dims.reduce((product, dim) => product * dim, 1);
  return Array.from({ length }, () => next().toFixed(DECIMALS));
}

/** What Open Inference Protocol servers, Azure ML's and the bare one all read. */
export function jsonBody(model: BenchModel): Body {
  const { name, dims } = model.input;
  const head = JSON.stringify({ name, shape: dims, datatype: "FP32" }).slice(0, -1);
  const text = `{"inputs":[${head},"data":[${inputNumbers(model).join(",")}]}]}`;
  return { headers: { "Content-Type": "application/json" }, bytes: Buffer.from(text) };
}

/** The numbers alone, as the bare server takes them. */
export function rawBody(model: BenchModel): Body {
  const numbers = Float32Array.from(inputNumbers(model), Number);
  return {
    headers: { "Content-Type": "application/octet-stream" },
    bytes: new Uint8Array(numbers.buffer),
  };
}

/** @source open-inference-protocol: binary tensor data extension */
export function binaryBody(model: BenchModel): Body {
  const { bytes: tensor, headers } = rawBody(model);
  const { name, dims } = model.input;
  const parameters = { binary_data_size: tensor.byteLength };
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ name, shape: dims, datatype: "FP32", parameters }],
      parameters: { binary_data_output: true },
    }),
  );
  return {
    headers: { ...headers, "Inference-Header-Content-Length": String(head.byteLength) },
    bytes: Buffer.concat([head, tensor]),
  };
}
