/** The signature a model is served with, and what of it cannot be served. */

import type { Problem } from "../core/problem.ts";
import type { OutputSpec, Signature, TensorSpec } from "../core/tensors/signature.ts";
import type { OnnxFile, ValueInfo, ValueType } from "./onnx-file.ts";
import { zipMapsOf } from "./zip-map.ts";

/**
 * Outputs that are no tensors are named in a warning and left out; a model whose inputs are not all
 * tensors, or that has no tensor output left, is an error.
 */
export function signatureOf(file: OnnxFile): {
  signature: Signature;
  problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const inputs: TensorSpec[] = [];
  for (const { name, type } of file.inputs) {
    if (type.kind === "tensor") inputs.push({ name, type: type.type, shape: type.shape });
    else {
      problems.push({
        code: "MODEL_INPUT_KIND",
        severity: "error",
        message: `input '${name}' is a ${showKind(type)}, and only tensors can be sent`,
        hint: "Export the model with tensor inputs.",
      });
    }
  }
  const outputs: OutputSpec[] = [];
  const labels = new Map(zipMapsOf(file).map((zipMap) => [zipMap.output, zipMap.labels]));
  for (const output of file.outputs) {
    const spec = outputSpecOf(output, labels.get(output.name));
    if (spec !== undefined) outputs.push(spec);
    else {
      problems.push({
        code: "MODEL_OUTPUT_KIND",
        severity: "warning",
        message: `output '${output.name}' is a ${showKind(output.type)}, which is not served`,
        hint: "Export the model so that this output is a tensor, if it is needed.",
      });
    }
  }
  if (outputs.length === 0) {
    problems.push({
      code: "MODEL_OUTPUT_KIND",
      severity: "error",
      message: "the model has no output that is a tensor",
      hint: "Export the model with at least one tensor output.",
    });
  }
  return { signature: { inputs, outputs }, problems };
}

function outputSpecOf(
  { name, type }: ValueInfo,
  labels: readonly string[] | undefined,
): OutputSpec | undefined {
  if (labels !== undefined) return { name, type: "float32", shape: ["?", labels.length], labels };
  return type.kind === "tensor" ? { name, type: type.type, shape: type.shape } : undefined;
}

function showKind(type: ValueType): string {
  if (type.kind === "foreign-tensor") return `tensor of ONNX element type ${type.elementType}`;
  return type.kind === "unknown" ? "value of unknown kind" : type.kind;
}
