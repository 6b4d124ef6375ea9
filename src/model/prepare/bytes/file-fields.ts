/** Which fields has a protobuf message that lies in a file? Their places, not their bytes. */

import { WireError } from "../../protobuf.ts";
import type { FileWindow } from "./file-window.ts";

export type FileField = {
  readonly number: number;
  readonly wireType: number;
  /** Of the field with its tag. */
  readonly start: number;
  /** Of its content: behind the tag, and behind the length where there is one. */
  readonly contentStart: number;
  readonly end: number;
};

/** @throws WireError where a field is cut off or has an unknown wire type */
export function* fieldsInFile(
  window: FileWindow,
  messageStart: number,
  messageEnd: number,
): Generator<FileField> {
  for (let start = messageStart; start < messageEnd;) {
    const tag = varintAt(window, start);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (number === 0) throw new WireError(`field number 0 at byte ${start}`);
    let contentStart = tag.end;
    let end;
    if (wireType === 0) end = varintAt(window, contentStart).end;
    else if (wireType === 1) end = contentStart + 8;
    else if (wireType === 5) end = contentStart + 4;
    else if (wireType === 2) {
      const length = varintAt(window, contentStart);
      contentStart = length.end;
      end = contentStart + length.value;
    } else throw new WireError(`wire type ${wireType} at byte ${start}`);
    if (end > messageEnd) throw new WireError(`field cut off at byte ${start}`);
    yield { number, wireType, start, contentStart, end };
    start = end;
  }
}

function varintAt(window: FileWindow, start: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < start + 10; at += 1) {
    const byte = window.byteAt(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: at + 1 };
    scale *= 128;
  }
  throw new WireError(`varint longer than ten bytes at byte ${start}`);
}
