/** What a graph's operators say about running it, beyond its shapes. */

import type { OnnxFile } from "./onnx-file.ts";

export type GraphTraits = {
  /** An operator whose result for one row may depend on the values of the others. */
  readonly mixesRows?: string;
  /** An operator whose time depends on values, not on shapes alone. */
  readonly variesInTime?: string;
};

/**
 * Row by row or not shows in the results of most graphs; not where it depends on values: a range over
 * the whole tensor, a branch, a selection. Those are told by name.
 */
const VALUE_DEPENDENT = new Set([
  "DynamicQuantizeLinear",
  "DynamicQuantizeMatMul",
  "DynamicQuantizeLSTM",
  "NonZero",
  "Compress",
  "Unique",
  "NonMaxSuppression",
  "MeanVarianceNormalization",
]);

const CONTROL_FLOW = new Set(["If", "Loop", "Scan", "SequenceMap"]);

export function graphTraits({ nodes }: OnnxFile): GraphTraits {
  const mixer = nodes.find(({ opType }) => VALUE_DEPENDENT.has(opType) || CONTROL_FLOW.has(opType));
  const varying = nodes.find(
    ({ opType }) => CONTROL_FLOW.has(opType) || opType === "NonMaxSuppression",
  );
  return {
    ...(mixer && { mixesRows: mixer.opType }),
    ...(varying && { variesInTime: varying.opType }),
  };
}
