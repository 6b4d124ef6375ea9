/** What is one constant tensor of a model: its name and type, and where its bytes are? */

import { bytesField, fieldsOf, int64sOf, joinBytes } from "../protobuf.ts";
import { externalFile, externalPlace } from "./external/external-location.ts";
import { fieldsInFile } from "./bytes/file-fields.ts";
import type { FileField } from "./bytes/file-fields.ts";
import { openWindow } from "./bytes/file-window.ts";
import type { FileWindow } from "./bytes/file-window.ts";
import type { Span } from "./bytes/span.ts";
import { NUMBER_FIELDS, rawBytes, tensorBytes } from "./bytes/tensor-bytes.ts";

/** From this size on a tensor's bytes stand outside of the graph. */
const EXTERNAL_FROM_BYTES = 1024;

export type Initializer = {
  readonly name: string;
  /** Fields of TensorProto: dimensions, type and name. */
  readonly head: Uint8Array;
  /** The raw bytes of a tensor that is large enough, or the fields that hold a small one's numbers. */
  readonly content:
    { readonly data: Span; readonly bytes: number } | { readonly fields: Uint8Array };
  /** The file beside the model that its bytes come from. */
  readonly externalFile?: string;
};

/** @source onnx/onnx: onnx/onnx.proto (TensorProto) */
const FIELD = { dims: 1, type: 2, name: 8, raw: 9, documentation: 12, external: 13, location: 14 };
const HEAD = new Set([FIELD.dims, FIELD.type, FIELD.name]);
const NUMBERS = new Set<number>(Object.values(NUMBER_FIELDS));
const text = new TextDecoder();

type Parts = {
  readonly head: readonly Uint8Array[];
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  readonly external: readonly Uint8Array[];
  readonly content: readonly FileField[];
};

export function readInitializer(window: FileWindow, place: FileField): Initializer {
  const parts = partsOf(window, place);
  const { name, type, dims } = parts;
  const head = joinBytes(parts.head);
  const bytes = tensorBytes(type, dims);
  if (parts.external.length > 0) {
    const range = {
      model: window.path,
      tensor: `'${name}'`,
      place: externalPlace(parts.external),
      bytes: bytes ?? 0,
    };
    const file = externalFile(range);
    const data = { file, start: range.place.offset, length: range.bytes };
    if (range.bytes < EXTERNAL_FROM_BYTES) {
      const fields = bytesField(FIELD.raw, readRange(file, data.start, data.length));
      return { name, head, content: { fields }, externalFile: file };
    }
    return { name, head, content: { data, bytes: range.bytes }, externalFile: file };
  }
  const fieldBytes = (): Uint8Array =>
    joinBytes(parts.content.map(({ start, end }) => window.bytes(start, end)));
  const [first] = parts.content;
  if (bytes === undefined || bytes < EXTERNAL_FROM_BYTES || first === undefined)
    return { name, head, content: { fields: fieldBytes() } };
  const inPlace =
    first.number === FIELD.raw ||
    (parts.content.length === 1 &&
      first.wireType === 2 &&
      (first.number === NUMBER_FIELDS.float || first.number === NUMBER_FIELDS.double));
  const data: Span = inPlace
    ? { file: window.path, start: first.contentStart, length: first.end - first.contentStart }
    : { bytes: rawBytes(fieldBytes(), type) };
  const found = "bytes" in data ? data.bytes.length : data.length;
  // What does not add up stays as it is: ONNX Runtime has the words for it.
  if (found !== bytes) return { name, head, content: { fields: fieldBytes() } };
  return { name, head, content: { data, bytes } };
}

function partsOf(window: FileWindow, place: FileField): Parts {
  const head: Uint8Array[] = [];
  const dims: number[] = [];
  const external: Uint8Array[] = [];
  const content: FileField[] = [];
  let name = "";
  let type = 0;
  for (const field of fieldsInFile(window, place.contentStart, place.end)) {
    const { number } = field;
    if (number === FIELD.documentation || number === FIELD.location) continue;
    if (number === FIELD.external) external.push(window.bytes(field.contentStart, field.end));
    else if (!HEAD.has(number)) content.push(field);
    else {
      const raw = window.bytes(field.start, field.end);
      head.push(raw);
      const [read] = fieldsOf(raw);
      if (read === undefined) continue;
      if (number === FIELD.name) name = text.decode(read.bytes);
      else if (number === FIELD.type) type = read.value;
      else dims.push(...int64sOf(read).map(Number));
    }
  }
  const numbers = content.filter(({ number }) => NUMBERS.has(number) || number === FIELD.raw);
  return { head, name, type, dims, external, content: numbers.length > 0 ? numbers : content };
}

function readRange(file: string, start: number, length: number): Uint8Array {
  const window = openWindow(file);
  try {
    return window.bytes(start, start + length);
  } finally {
    window.close();
  }
}
