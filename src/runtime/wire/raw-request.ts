/** A body that is nothing but the bytes of the model's one input. */

import { ScoringError } from "../../core/problem.ts";
import type { Signature, TensorSpec } from "../../core/tensors/signature.ts";
import { DTYPES, inferDims, showShape } from "../../core/tensors/tensor.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";
import { soleInput } from "./model-request.ts";
import type { Feeds } from "./model-request.ts";
import { decode, parseRawTensor } from "./raw-tensor.ts";

/** @throws ScoringError INPUT_FORM, INPUT_SHAPE, INPUT_TYPE */
export function parseRawRequest(signature: Signature, body: Uint8Array): Feeds {
  const spec = soleInput(signature, "the body is raw bytes");
  return { [spec.name]: spec.type === "string" ? oneString(spec, body) : numbers(spec, body) };
}

/** A string input takes the whole body as its one element. */
function oneString(spec: TensorSpec, body: Uint8Array): Tensor {
  const dims = inferDims(spec.shape ?? [1], 1);
  if (dims === undefined) throw doesNotFit(spec, body);
  return { type: "string", dims, data: [decode(spec, body)] };
}

function numbers(spec: TensorSpec, body: Uint8Array): Tensor {
  const count = body.length / DTYPES[spec.type].bytes;
  const dims = spec.shape === null ? [Math.floor(count)] : inferDims(spec.shape, count);
  if (dims === undefined || body.length === 0) throw doesNotFit(spec, body);
  return parseRawTensor(spec, dims, body);
}

function doesNotFit({ name, type, shape }: TensorSpec, body: Uint8Array): ScoringError {
  return new ScoringError(
    "INPUT_SHAPE",
    `the body of ${body.length} bytes does not fit input '${name}', ${type} ${showShape(shape ?? [])}`,
  );
}
