/**
 * Taking a final ZipMap out of a graph. scikit-learn exports end in one; it turns each row of a
 * float tensor into a map from class label to number, and onnxruntime-node cannot hand maps out.
 * The tensor becomes the output; the labels are kept, so that the maps can be built outside.
 */

import { parseOnnxFile, parseValueInfo } from "./onnx-file.ts";
import type { OnnxFile, OnnxNode } from "./onnx-file.ts";
import { bytesField, fieldsOf, int64sOf, joinBytes, varintField } from "./protobuf.ts";

export type ZipMap = {
  /** The map output's own name: what users see. */
  readonly output: string;
  /** The tensor that holds its numbers, float32 `[rows, labels]`. */
  readonly tensor: string;
  readonly labels: readonly string[];
};

const text = new TextDecoder();
const utf8 = new TextEncoder();

/** The ZipMaps whose result is an output of the graph. @source onnx/onnx: docs/Operators-ml.md (ZipMap) */
export function zipMapsOf(file: OnnxFile): readonly ZipMap[] {
  const outputs = new Set(file.outputs.map((output) => output.name));
  return file.nodes.flatMap((node) => {
    const [tensor] = node.inputs;
    const [output] = node.outputs;
    if (!isZipMap(node) || tensor === undefined || output === undefined) return [];
    return outputs.has(output) ? [{ output, tensor, labels: labelsOf(node) }] : [];
  });
}

function isZipMap(node: OnnxNode): boolean {
  return node.opType === "ZipMap" && node.domain === "ai.onnx.ml";
}

function labelsOf(node: OnnxNode): readonly string[] {
  const labels: string[] = [];
  for (const attribute of node.attributes) {
    // AttributeProto: 8 repeated int64 (classlabels_int64s), 9 repeated bytes (classlabels_strings).
    for (const field of fieldsOf(attribute)) {
      if (field.number === 8) labels.push(...int64sOf(field).map(String));
      else if (field.number === 9) labels.push(text.decode(field.bytes));
    }
  }
  return labels;
}

/**
 * The same model without its final ZipMaps: each one's input tensor takes the place of its output.
 * Bytes without a final ZipMap come back as they are.
 */
export function removeZipMaps(model: Uint8Array): Uint8Array {
  const file = parseOnnxFile(model);
  const zipMaps = file === undefined ? [] : zipMapsOf(file);
  if (file === undefined || zipMaps.length === 0) return model;
  const parts = [...fieldsOf(model)].map((field) =>
    field.number === 7 ? bytesField(7, withoutZipMaps(field.bytes, file, zipMaps)) : field.raw,
  );
  return joinBytes(parts);
}

function withoutZipMaps(graph: Uint8Array, file: OnnxFile, zipMaps: readonly ZipMap[]): Uint8Array {
  const byOutput = new Map(zipMaps.map((zipMap) => [zipMap.output, zipMap]));
  const kept = new Set(file.outputs.map((output) => output.name));
  const parts: Uint8Array[] = [];
  for (const field of fieldsOf(graph)) {
    if (field.number === 1) {
      const name = firstOutputOf(field.bytes);
      if (name === undefined || !byOutput.has(name)) parts.push(field.raw);
    } else if (field.number === 12) {
      const zipMap = byOutput.get(parseValueInfo(field.bytes).name);
      if (zipMap === undefined) parts.push(field.raw);
      else if (!kept.has(zipMap.tensor)) {
        kept.add(zipMap.tensor);
        parts.push(bytesField(12, floatMatrixInfo(zipMap.tensor)));
      }
    } else parts.push(field.raw);
  }
  return joinBytes(parts);
}

function firstOutputOf(node: Uint8Array): string | undefined {
  for (const field of fieldsOf(node)) {
    if (field.number === 2) return text.decode(field.bytes);
  }
  return undefined;
}

/** ValueInfoProto of a float32 tensor; without a shape, which ONNX Runtime infers. */
function floatMatrixInfo(name: string): Uint8Array {
  const tensorType = varintField(1, 1);
  return joinBytes([bytesField(1, utf8.encode(name)), bytesField(2, bytesField(1, tensorType))]);
}
