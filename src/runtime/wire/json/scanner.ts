/** JSON bytes into values, with lists of numbers as `NumberList`s and the place of a fault in bytes. */

import { ScoringError } from "../../../core/problem.ts";
import { asciiText } from "./ascii-text.ts";
import { NumberList } from "./number-list.ts";
import { NumberScanner } from "./number-scanner.ts";

/** An integer that a double would round is a bigint. */
export type JsonValue =
  null | boolean | number | bigint | string | NumberList | readonly JsonValue[] | JsonObject;

/** A plain object; look up names that a model or a sender chose with `Object.hasOwn` first. */
export type JsonObject = { readonly [key: string]: JsonValue };

export function isObject(value: JsonValue): value is JsonObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof NumberList)
  );
}

/** Deeper than any tensor, shallow enough for the stack. */
const MAX_DEPTH = 100;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * @param single see `NumberScanner`: true where every input is float32 or float16
 * @throws ScoringError INPUT_JSON with the byte where the fault is
 */
export function parseJson(body: Uint8Array, single: boolean): JsonValue {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length === 0) throw new ScoringError("INPUT_JSON", "the body is empty, expected JSON");
  const numbers = new NumberScanner(bytes, single);
  const parser = new Parser(bytes, numbers);
  // A byte order mark is not JSON, but editors write it.
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) numbers.position = 3;
  const value = parser.parseValue(0);
  if (parser.peek() !== undefined) throw parser.fault("expected the end");
  return value;
}

class Parser {
  readonly #bytes: Buffer;
  readonly #numbers: NumberScanner;

  constructor(bytes: Buffer, numbers: NumberScanner) {
    this.#bytes = bytes;
    this.#numbers = numbers;
  }

  /** The next character that is no white space; undefined at the end. */
  peek(): number | undefined {
    this.#numbers.skipSpace();
    return this.#bytes[this.#numbers.position];
  }

  fault(expected: string): ScoringError {
    const at = this.#numbers.position;
    const found =
      at >= this.#bytes.length
        ? "the body ends"
        : `${JSON.stringify(this.#bytes.toString("utf8", at, at + 12))} stands`;
    return new ScoringError(
      "INPUT_JSON",
      `the body is not valid JSON: ${found} at byte ${at}, ${expected}`,
    );
  }

  parseValue(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw this.fault(`where nesting is deeper than ${MAX_DEPTH} levels`);
    switch (this.peek()) {
      case 91:
        return this.#numbers.scanList() ?? this.#parseList(depth);
      case 123:
        return this.#parseObject(depth);
      case 34:
        return this.#parseString();
      case 116:
        return this.#parseWord("true", true);
      case 102:
        return this.#parseWord("false", false);
      case 110:
        return this.#parseWord("null", null);
      default:
        return this.#parseNumber();
    }
  }

  #parseNumber(): number | bigint {
    const start = this.#numbers.position;
    if (!this.#numbers.scan()) throw this.fault("expected a value");
    const { value, integer, position } = this.#numbers;
    if (!integer || Number.isSafeInteger(value)) return value;
    return BigInt(this.#bytes.toString("latin1", start, position));
  }

  #parseWord<T>(word: string, value: T): T {
    const at = this.#numbers.position;
    if (this.#bytes.toString("latin1", at, at + word.length) !== word)
      throw this.fault("expected a value");
    this.#numbers.position += word.length;
    return value;
  }

  #parseList(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#numbers.position += 1;
    if (this.peek() === 93) {
      this.#numbers.position += 1;
      return items;
    }
    for (;;) {
      items.push(this.parseValue(depth + 1));
      const byte = this.peek();
      if (byte !== 44 && byte !== 93) throw this.fault('expected "," or "]"');
      this.#numbers.position += 1;
      if (byte === 93) return items;
    }
  }

  #parseObject(depth: number): JsonObject {
    const object: Record<string, JsonValue> = {};
    this.#numbers.position += 1;
    if (this.peek() === 125) {
      this.#numbers.position += 1;
      return object;
    }
    for (;;) {
      if (this.peek() !== 34) throw this.fault("expected a key in double quotes");
      const key = this.#parseString();
      if (this.peek() !== 58) throw this.fault('expected ":"');
      this.#numbers.position += 1;
      const value = this.parseValue(depth + 1);
      // The one key that a plain assignment would not make a key of.
      if (key === "__proto__") Object.defineProperty(object, key, { value, enumerable: true });
      else object[key] = value;
      const byte = this.peek();
      if (byte !== 44 && byte !== 125) throw this.fault('expected "," or "}"');
      this.#numbers.position += 1;
      if (byte === 125) return object;
    }
  }

  #parseString(): string {
    const start = this.#numbers.position + 1;
    let at = start;
    let plain = true;
    let hash = 0;
    for (let byte = this.#bytes[at]; byte !== 34; byte = this.#bytes[at]) {
      if (byte === undefined) throw this.fault("where a string has no end");
      if (byte === 92) at += 1;
      if (byte === 92 || byte < 32 || byte > 126) plain = false;
      hash = (Math.imul(hash, 31) + byte) | 0;
      at += 1;
    }
    const text = plain
      ? asciiText(this.#bytes, { start, end: at, hash })
      : this.#decodeString(start, at);
    this.#numbers.position = at + 1;
    return text;
  }

  /** Escapes and UTF-8 are the platform's business. */
  #decodeString(start: number, end: number): string {
    try {
      return JSON.parse(utf8.decode(this.#bytes.subarray(start - 1, end + 1))) as string;
    } catch {
      throw this.fault("where a string has an illegal character, escape or encoding");
    }
  }
}
