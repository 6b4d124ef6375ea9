/** Rows of a model's answer as bytes of the result: file, row, then each output by name. */

import { float16ToNumber } from "../../../core/tensors/float16.ts";
import type { OutputSpec, Signature } from "../../../core/tensors/signature.ts";
import { DTYPES, elementCount } from "../../../core/tensors/tensor.ts";
import type { DType, Tensor, TensorData } from "../../../core/tensors/tensor.ts";
import { ByteWriter } from "../../wire/json/byte-writer.ts";
import { outputRows } from "./row-layout.ts";
import type { Format } from "../settings.ts";

export type RowWriter = {
  readonly head: string;
  /** @param outputs of one row, without the axis of rows */
  readonly row: (path: string, number: number, outputs: readonly Tensor[]) => void;
  readonly take: () => Uint8Array;
};

/** An output with more values stands in one cell, as a list. */
const MAX_COLUMNS = 1024;
/** What a mini-batch's records begin with. */
const ROOM_BYTES = 64 * 1024;
/** Of a file's path in an NPY record. */
const PATH_BYTES = 256;

/** @throws Error where the format cannot hold the model's outputs */
export function createRowWriter(format: Format, signature: Signature): RowWriter {
  switch (format) {
    case "azure":
      return textWriter(signature, " ", "");
    case "csv":
      return textWriter(signature, ",", csvHead(signature));
    case "jsonl":
      return jsonWriter(signature);
    case "npy":
      return npyWriter(signature);
  }
}

function columnsOf(signature: Signature): readonly (number | undefined)[] {
  return outputRows(signature).map((row) =>
    row === undefined || row.width > MAX_COLUMNS ? undefined : row.width,
  );
}

function csvHead(signature: Signature): string {
  const columns = columnsOf(signature);
  const names = signature.outputs.flatMap(({ name, labels }, index) => {
    const width = columns[index];
    if (width === undefined || width === 1) return [name];
    return Array.from({ length: width }, (_, element) => `${name}_${labels?.[element] ?? element}`);
  });
  return `${["file", "row", ...names].map((name) => quoted(name, ",")).join(",")}\n`;
}

function quoted(text: string, separator: string): string {
  return text.includes(separator) || /["\n\r]/.test(text)
    ? `"${text.replaceAll('"', '""')}"`
    : text;
}

function textWriter(signature: Signature, separator: string, head: string): RowWriter {
  const bytes = new ByteWriter();
  const code = separator.charCodeAt(0);
  const columns = columnsOf(signature);
  return {
    head,
    row: (path, number, outputs) => {
      bytes.text(quoted(path, separator));
      bytes.byte(code);
      bytes.ascii(String(number));
      for (const [index, tensor] of outputs.entries()) {
        bytes.byte(code);
        if (columns[index] === undefined) {
          bytes.text(quoted(JSON.stringify(nested(tensor)), separator));
          continue;
        }
        const { length } = tensor.data;
        for (let element = 0; element < length; element += 1) {
          if (element > 0) bytes.byte(code);
          cell(bytes, valueAt(tensor, element), separator);
        }
      }
      bytes.byte(10);
    },
    take: () => bytes.take(),
  };
}

type Value = { readonly type: DType; readonly value: number | bigint | boolean | string };

function valueAt({ type, data }: Tensor, element: number): Value {
  return { type, value: plain(type, data, element) };
}

function cell(bytes: ByteWriter, { type, value }: Value, separator: string): void {
  if (type === "float32" && Number.isFinite(value)) bytes.float32(value as number);
  else if (type === "string") bytes.text(quoted(String(value), separator));
  else bytes.ascii(String(value));
}

function plain(type: DType, data: TensorData, element: number): number | bigint | boolean | string {
  const value = data[element] as number | bigint | string;
  if (type === "float16") return float16ToNumber(value as number);
  if (type === "bool") return value === 1;
  return value;
}

/** As an answer over HTTP shows it: large integers as text, what is no number by its name. */
function jsonValue(type: DType, data: TensorData, element: number): unknown {
  const value = plain(type, data, element);
  if (typeof value === "bigint") {
    return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER
      ? String(value)
      : Number(value);
  }
  if (typeof value === "number" && type === "float32" && Number.isFinite(value))
    return float32(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** The fewest digits that read back as the same float32. */
function float32(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}

function nested({ type, dims, data }: Tensor): unknown {
  const build = (axis: number, start: number): unknown => {
    if (axis === dims.length) return jsonValue(type, data, start);
    const step = elementCount(dims.slice(axis + 1));
    return Array.from({ length: dims[axis] ?? 0 }, (_, index) =>
      build(axis + 1, start + index * step),
    );
  };
  return build(0, 0);
}

function jsonWriter({ outputs: specs }: Signature): RowWriter {
  const bytes = new ByteWriter();
  return {
    head: "",
    row: (file, row, outputs) => {
      const values = outputs.map(
        (tensor, index) => [specs[index]?.name ?? "", answer(tensor, specs[index])] as const,
      );
      bytes.text(`${JSON.stringify({ file, row, ...Object.fromEntries(values) })}\n`);
    },
    take: () => bytes.take(),
  };
}

function answer(tensor: Tensor, spec: OutputSpec | undefined): unknown {
  const labels = spec?.labels;
  if (labels === undefined) return nested(tensor);
  const pairs = labels.map(
    (label, element) => [label, jsonValue(tensor.type, tensor.data, element)] as const,
  );
  return Object.fromEntries(pairs);
}

/** @source numpy: numpy.lib.format; a record has the path, the row, and each output under its name */
function npyWriter(signature: Signature): RowWriter {
  const rows = outputRows(signature);
  const fields = signature.outputs.map(({ name, type }, index) => {
    const dims = rows[index]?.dims;
    if (dims === undefined || type === "string") {
      throw new Error(`output '${name}' has no fixed size, which npy needs: use --format jsonl`);
    }
    const shape = dims.length === 0 ? "" : `, (${dims.join(", ")}${dims.length === 1 ? "," : ""})`;
    return `(${pythonText(name)}, '${descrOf(type)}'${shape})`;
  });
  const descr = `[('file', '|S${PATH_BYTES}'), ('row', '<u8'), ${fields.join(", ")}]`;
  let bytes = Buffer.allocUnsafeSlow(ROOM_BYTES);
  let length = 0;
  let path: string | undefined;
  const key = Buffer.alloc(PATH_BYTES);
  const reserve = (more: number): void => {
    if (length + more <= bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, length + more));
    bytes.copy(grown, 0, 0, length);
    bytes = grown;
  };
  return {
    head: JSON.stringify({ descr, shape: [] }),
    row: (file, number, outputs) => {
      if (file !== path) {
        putPath(key, file);
        path = file;
      }
      reserve(PATH_BYTES + 8 + outputs.reduce((sum, { data }) => sum + bytesIn(data), 0));
      bytes.set(key, length);
      // Rows of one file stay below 2^53.
      bytes.writeUInt32LE(number >>> 0, length + PATH_BYTES);
      bytes.writeUInt32LE(Math.floor(number / 2 ** 32), length + PATH_BYTES + 4);
      length += PATH_BYTES + 8;
      for (const { data } of outputs) {
        bytes.set(bytesOf(data), length);
        length += bytesIn(data);
      }
    },
    take: () => {
      const taken = Buffer.from(bytes.subarray(0, length));
      length = 0;
      return taken;
    },
  };
}

function putPath(key: Buffer, path: string): void {
  if (Buffer.byteLength(path) > PATH_BYTES) {
    throw new Error(
      `the path is longer than ${PATH_BYTES} bytes, which is all that npy has room for`,
    );
  }
  key.fill(0);
  key.write(path, "utf8");
}

function bytesIn(data: TensorData): number {
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}

function bytesOf(data: TensorData): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new Error("strings have no bare bytes");
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function pythonText(name: string): string {
  return `'${name.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

function descrOf(type: DType): string {
  const { bytes } = DTYPES[type];
  if (type === "bool") return "|b1";
  const kind = type.startsWith("float") ? "f" : type.startsWith("u") ? "u" : "i";
  return `${bytes === 1 ? "|" : "<"}${kind}${bytes}`;
}
