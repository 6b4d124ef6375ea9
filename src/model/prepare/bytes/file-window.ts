/** How is a file of gigabytes read here and there without ever being in memory as a whole? */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

import { userError } from "../../../core/problem.ts";
import { WireError } from "../../protobuf.ts";

const WINDOW_BYTES = 1 << 18;

export type FileWindow = {
  readonly path: string;
  readonly size: number;
  readonly byteAt: (position: number) => number;
  /** A copy. @throws WireError where the file ends before */
  readonly bytes: (start: number, end: number) => Uint8Array;
  readonly close: () => void;
};

/** @throws UserError where it is no plain file, Error of the file system */
export function openWindow(path: string): FileWindow {
  // A pipe is opened without waiting for somebody who writes to it.
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = fstatSync(handle);
  if (!stats.isFile()) {
    closeSync(handle);
    throw userError("MODEL_UNREADABLE", `${path} is no plain file`, {
      hint: "Give the .onnx file that your training framework exported.",
    });
  }
  const { size } = stats;
  const window = new Uint8Array(Math.min(WINDOW_BYTES, size));
  let windowStart = 0;
  let windowEnd = 0;
  const fill = (start: number): void => {
    windowStart = start;
    windowEnd = start + readFully(handle, window, start);
  };
  return {
    path,
    size,
    byteAt: (position) => {
      if (position < windowStart || position >= windowEnd) fill(position);
      const byte = window[position - windowStart];
      if (byte === undefined || position >= windowEnd) throw cutOff(position);
      return byte;
    },
    bytes: (start, end) => {
      if (end > size) throw cutOff(size);
      if (start >= windowStart && end <= windowEnd)
        return window.subarray(start - windowStart, end - windowStart).slice();
      const bytes = new Uint8Array(end - start);
      if (readFully(handle, bytes, start) < bytes.length) throw cutOff(size);
      return bytes;
    },
    close: () => closeSync(handle),
  };
}

function readFully(handle: number, into: Uint8Array, position: number): number {
  let read = 0;
  while (read < into.length) {
    const count = readSync(handle, into, read, into.length - read, position + read);
    if (count === 0) break;
    read += count;
  }
  return read;
}

function cutOff(position: number): WireError {
  return new WireError(`cut off at byte ${position}`);
}
