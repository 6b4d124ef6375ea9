/**
 * Reads JSON numbers from bytes. Most of a large body is digits, and this is where the time goes:
 * no text is made of them, and no object for each.
 */

import { NumberList } from "./number-list.ts";

/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const MAX_EXACT = 9007199254740991;
const MAX_DIMS = 16;

const view = new Float64Array(1);
const words = new Uint32Array(view.buffer);

export type NumberScanner = {
  /** Where the next character is; after a number, the one behind it. */
  position: number;
  /** What `scan` read: meaningful when it returned true. */
  value: number;
  /** Whether the number was written as an integer. */
  integer: boolean;
  /** The number at `position`; false where there is none that JSON allows. */
  readonly scan: () => boolean;
  /**
   * The list at `position`, which is at its `[`, where it holds numbers alone in a regular shape.
   * Else undefined, and `position` is where it was.
   */
  readonly scanList: () => NumberList | undefined;
};

/**
 * @param single whether numbers need to be right only after rounding to float32. A mantissa gathered
 *   in a double is off by a few units in the last place at most, so its float32 can differ only next
 *   to the midpoint between two of them, which its low 29 bits show: only those are read as text.
 */
export function createNumberScanner(bytes: Buffer, single: boolean): NumberScanner {
  const end = bytes.length;
  const scanner: NumberScanner = { position: 0, value: 0, integer: false, scan, scanList };
  return scanner;

  function scan(): boolean {
    const start = scanner.position;
    let at = start;
    let byte = bytes[at] as number;
    const negative = byte === 45;
    if (negative) byte = bytes[(at += 1)] as number;
    if (!(byte >= 48 && byte <= 57)) return false;
    let mantissa = 0;
    let exponent = 0;
    if (byte === 48) {
      byte = bytes[(at += 1)] as number;
      if (byte >= 48 && byte <= 57) return false;
    } else {
      do {
        mantissa = mantissa * 10 + (byte - 48);
        byte = bytes[(at += 1)] as number;
      } while (byte >= 48 && byte <= 57);
    }
    let integer = true;
    if (byte === 46) {
      integer = false;
      const first = (at += 1);
      byte = bytes[at] as number;
      while (byte >= 48 && byte <= 57) {
        mantissa = mantissa * 10 + (byte - 48);
        byte = bytes[(at += 1)] as number;
      }
      if (at === first) return false;
      exponent = first - at;
    }
    if (byte === 101 || byte === 69) {
      integer = false;
      byte = bytes[(at += 1)] as number;
      const minus = byte === 45;
      if (minus || byte === 43) byte = bytes[(at += 1)] as number;
      if (!(byte >= 48 && byte <= 57)) return false;
      let written = 0;
      do {
        // Beyond any double it need not be counted exactly.
        if (written < 100_000) written = written * 10 + (byte - 48);
        byte = bytes[(at += 1)] as number;
      } while (byte >= 48 && byte <= 57);
      exponent += minus ? -written : written;
    }
    scanner.position = at;
    scanner.integer = integer;
    const exact = mantissa <= MAX_EXACT && exponent >= -22 && exponent <= 22;
    if (exact || (single && exponent >= -22 && exponent <= 22)) {
      const size = exponent < 0 ? mantissa / POWERS[-exponent]! : mantissa * POWERS[exponent]!;
      if (exact || farFromMidpoint(size)) {
        scanner.value = negative ? -size : size;
        return true;
      }
    }
    scanner.value = Number(bytes.toString("latin1", start, at));
    return true;
  }

  function scanList(): NumberList | undefined {
    const start = scanner.position;
    const list = readList();
    if (list === undefined) scanner.position = start;
    return list;
  }

  function readList(): NumberList | undefined {
    const dims: number[] = [];
    const counts = new Int32Array(MAX_DIMS);
    let data = new Float64Array(64);
    let count = 0;
    let depth = 0;
    let leafDepth = 0;
    for (;;) {
      // Before a value: open brackets, then a number.
      skipSpace();
      while (bytes[scanner.position] === 91) {
        depth += 1;
        if (depth > MAX_DIMS || (leafDepth > 0 && depth > leafDepth)) return undefined;
        counts[depth - 1] = 0;
        scanner.position += 1;
        skipSpace();
      }
      if (leafDepth === 0) leafDepth = depth;
      if (depth !== leafDepth || !scan()) return undefined;
      if (count === data.length) {
        const grown = new Float64Array(data.length * 4);
        grown.set(data);
        data = grown;
      }
      data[count] = scanner.value;
      count += 1;
      // After a value: closing brackets, then a comma or the end.
      let byte = bytes[scanner.position] as number;
      if (byte !== 44 && byte !== 93) {
        skipSpace();
        byte = bytes[scanner.position] as number;
      }
      while (byte === 93) {
        depth -= 1;
        const length = (counts[depth] as number) + 1;
        const known = dims[depth];
        if (known === undefined) dims[depth] = length;
        else if (known !== length) return undefined;
        scanner.position += 1;
        if (depth === 0) return new NumberList(dims, data.subarray(0, count));
        skipSpace();
        byte = bytes[scanner.position] as number;
      }
      if (byte !== 44) return undefined;
      counts[depth - 1] = (counts[depth - 1] as number) + 1;
      scanner.position += 1;
    }
  }

  function skipSpace(): void {
    let at = scanner.position;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break;
      at += 1;
    }
    scanner.position = at;
  }
}

/** Whether a double that is off by less than 64 units in its last place rounds to the right float32. */
function farFromMidpoint(size: number): boolean {
  // Where float32 has subnormals or overflows its midpoints lie elsewhere.
  if (!(size >= 1.2e-38 && size <= 3.4e38)) return false;
  view[0] = size;
  const low = (words[0] as number) & 0x1fffffff;
  return low < 0x10000000 - 64 || low > 0x10000000 + 64;
}
