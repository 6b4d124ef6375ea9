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
/** Where lists stand until the next parse: reading a body and making tensors of it is one turn. */
let scratch = new Float64Array(1024);
let used = 0;

export class NumberScanner {
  /** Where the next character is; after a number, the one behind it. */
  position = 0;
  /** What `scan` read, when it returned true. */
  value = 0;
  /** Whether that number was written as an integer. */
  integer = false;
  readonly #bytes: Buffer;
  readonly #single: boolean;

  /**
   * @param single whether numbers need to be right only after rounding to float32. A mantissa gathered
   *   in a double is off by a few units in the last place at most, so its float32 can differ only next
   *   to the midpoint between two of them, which its low 29 bits show: only those are read as text.
   */
  constructor(bytes: Buffer, single: boolean) {
    this.#bytes = bytes;
    this.#single = single;
    used = 0;
  }

  /** Reads the number at `position`; false where there is none that JSON allows. */
  scan(): boolean {
    const bytes = this.#bytes;
    const start = this.position;
    let at = start;
    let byte = bytes[at] as number;
    const negative = byte === 45;
    if (negative) byte = bytes[(at += 1)] as number;
    if (!(byte >= 48 && byte <= 57)) return false;
    // No digit may follow a leading zero.
    if (byte === 48 && isDigit(bytes[at + 1])) return false;
    let mantissa = 0;
    do {
      mantissa = mantissa * 10 + (byte - 48);
      byte = bytes[(at += 1)] as number;
    } while (byte >= 48 && byte <= 57);
    this.integer = true;
    let exponent = 0;
    if (byte === 46) {
      this.integer = false;
      const first = (at += 1);
      byte = bytes[at] as number;
      while (byte >= 48 && byte <= 57) {
        mantissa = mantissa * 10 + (byte - 48);
        byte = bytes[(at += 1)] as number;
      }
      if (at === first) return false;
      exponent = first - at;
    }
    this.position = at;
    if (byte === 101 || byte === 69) {
      const written = this.#scanExponent();
      if (written === undefined) return false;
      exponent += written;
      at = this.position;
    }
    this.#settle(mantissa, exponent, start);
    if (negative) this.value = -this.value;
    return true;
  }

  /** At the letter e: what follows it, and `position` behind that. */
  #scanExponent(): number | undefined {
    let at = this.position + 1;
    let byte = this.#bytes[at] as number;
    const minus = byte === 45;
    if (minus || byte === 43) byte = this.#bytes[(at += 1)] as number;
    if (!(byte >= 48 && byte <= 57)) return undefined;
    let written = 0;
    do {
      // Beyond any double it need not be counted exactly.
      if (written < 100_000) written = written * 10 + (byte - 48);
      byte = this.#bytes[(at += 1)] as number;
    } while (byte >= 48 && byte <= 57);
    this.integer = false;
    this.position = at;
    return minus ? -written : written;
  }

  /** The magnitude of the number from `start` to `position`. */
  #settle(mantissa: number, exponent: number, start: number): void {
    const exact = mantissa <= MAX_EXACT;
    if (exponent >= -22 && exponent <= 22 && (exact || this.#single)) {
      const size =
        exponent < 0
          ? mantissa / (POWERS[-exponent] as number)
          : mantissa * (POWERS[exponent] as number);
      if (exact || farFromMidpoint(size)) {
        this.value = size;
        return;
      }
    }
    this.value = Math.abs(Number(this.#bytes.toString("latin1", start, this.position)));
  }

  /**
   * The list at `position`, which is at its `[`, where it holds numbers alone in a regular shape.
   * Else undefined, and `position` is where it was.
   */
  scanList(): NumberList | undefined {
    const start = this.position;
    const list = this.#readList();
    if (list === undefined) this.position = start;
    return list;
  }

  #readList(): NumberList | undefined {
    const bytes = this.#bytes;
    const dims: number[] = [];
    const counts: number[] = [];
    let count = 0;
    let leafDepth = 0;
    for (;;) {
      // Before a value: opening brackets, then a number.
      this.skipSpace();
      while (bytes[this.position] === 91) {
        if (counts.length === MAX_DIMS || (leafDepth > 0 && counts.length === leafDepth))
          return undefined;
        counts.push(0);
        this.position += 1;
        this.skipSpace();
      }
      if (leafDepth === 0) leafDepth = counts.length;
      if (counts.length !== leafDepth || !this.scan() || this.#isRounded()) return undefined;
      if (used + count === scratch.length) grow(count);
      scratch[used + count] = this.value;
      count += 1;
      // After a value: closing brackets, then a comma or the end.
      this.skipSpace();
      while (bytes[this.position] === 93) {
        const length = (counts.pop() as number) + 1;
        const depth = counts.length;
        if (dims[depth] === undefined) dims[depth] = length;
        else if (dims[depth] !== length) return undefined;
        this.position += 1;
        if (depth === 0) return new NumberList(dims, take(count));
        this.skipSpace();
      }
      if (bytes[this.position] !== 44) return undefined;
      counts[counts.length - 1] = (counts[counts.length - 1] as number) + 1;
      this.position += 1;
    }
  }

  /** An integer beyond 2^53, where an input may want all its digits. */
  #isRounded(): boolean {
    return this.integer && !this.#single && !Number.isSafeInteger(this.value);
  }

  skipSpace(): void {
    let byte = this.#bytes[this.position];
    while (byte === 32 || byte === 10 || byte === 13 || byte === 9) {
      this.position += 1;
      byte = this.#bytes[this.position];
    }
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

/** The list that ends here. */
function take(count: number): Float64Array {
  const numbers = new Float64Array(scratch.buffer, used * Float64Array.BYTES_PER_ELEMENT, count);
  used += count;
  // One huge body must not hold its room for ever.
  if (scratch.length > 2 ** 20) {
    scratch = new Float64Array(1024);
    used = 0;
  }
  return numbers;
}

/** Lists before the one that grows stay where they are. */
function grow(count: number): void {
  const grown = new Float64Array(Math.max(1024, count * 4));
  grown.set(scratch.subarray(used));
  scratch = grown;
  used = 0;
}

/** Whether a double that is off by less than 64 units in its last place rounds to the right float32. */
function farFromMidpoint(size: number): boolean {
  // Where float32 has subnormals or overflows its midpoints lie elsewhere.
  if (!(size >= 1.2e-38 && size <= 3.4e38)) return false;
  view[0] = size;
  const low = (words[0] as number) & 0x1fffffff;
  return low < 0x10000000 - 64 || low > 0x10000000 + 64;
}
