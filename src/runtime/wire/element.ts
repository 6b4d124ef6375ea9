/** JSON values into tensor elements, with the range of each type. */

import { numberToFloat16 } from "../../core/tensors/float16.ts";
import { ScoringError } from "../../core/problem.ts";
import type { TensorSpec } from "../../core/tensors/signature.ts";
import { allocate } from "../../core/tensors/tensor.ts";
import type { DType, TensorData } from "../../core/tensors/tensor.ts";

type Slots = { [index: number]: unknown };
type Writer = (index: number, value: unknown) => void;

/** What JSON has no number for; answers are written with the same words. */
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

const INTEGERS = {
  uint8: { low: 0, high: 255, array: Uint8Array },
  int8: { low: -128, high: 127, array: Int8Array },
  uint16: { low: 0, high: 65535, array: Uint16Array },
  int16: { low: -32768, high: 32767, array: Int16Array },
  uint32: { low: 0, high: 4294967295, array: Uint32Array },
  int32: { low: -2147483648, high: 2147483647, array: Int32Array },
} as const;

type IntegerType = keyof typeof INTEGERS;

function isIntegerType(type: DType): type is IntegerType {
  return Object.hasOwn(INTEGERS, type);
}

/**
 * A list of numbers as elements of an input's type.
 *
 * @throws ScoringError INPUT_TYPE at the first number that the type cannot hold
 */
export function numbersAs(spec: TensorSpec, numbers: Float64Array): TensorData {
  const { type } = spec;
  if (type === "float32") return singlesOf(numbers);
  if (type === "float64") return numbers.slice();
  if (type === "float16") return Uint16Array.from(numbers, numberToFloat16);
  if (isIntegerType(type)) {
    const { low, high, array } = INTEGERS[type];
    for (let index = 0; index < numbers.length; index += 1) {
      const value = numbers[index] as number;
      if (!Number.isInteger(value) || value < low || value > high) {
        throw refusal(spec, index, value);
      }
    }
    return new array(numbers);
  }
  const data = allocate(type, numbers.length);
  const write = elementWriter(spec, data);
  for (let index = 0; index < numbers.length; index += 1) write(index, numbers[index]);
  return data;
}

/** Small tensors share memory: making some of their own costs more than filling it. */
const POOL_LENGTH = 16 * 1024;
const MOST_POOLED = 1024;
/** Where vector instructions like a tensor to begin: 64 bytes. */
const ALIGNED = 16;
let pool = new Float32Array(POOL_LENGTH);
let pooled = 0;

function singlesOf(numbers: Float64Array): Float32Array {
  const { length } = numbers;
  // The engine keeps very small ones on its own heap.
  if (length <= ALIGNED || length > MOST_POOLED) return new Float32Array(numbers);
  if (pooled + length > POOL_LENGTH) {
    pool = new Float32Array(POOL_LENGTH);
    pooled = 0;
  }
  const singles = new Float32Array(pool.buffer, pooled * Float32Array.BYTES_PER_ELEMENT, length);
  pooled += Math.ceil(length / ALIGNED) * ALIGNED;
  for (let index = 0; index < length; index += 1) singles[index] = numbers[index] as number;
  return singles;
}

/**
 * A function that puts values of `spec.type` into `data`, or throws ScoringError INPUT_TYPE.
 *
 * @param width elements of one row, by which a refusal counts; all of `data` where absent
 */
export function elementWriter(
  spec: TensorSpec,
  data: unknown,
  width = Number.POSITIVE_INFINITY,
): Writer {
  const slots = data as Slots;
  const convert = converter(spec.type);
  return (index, value) => {
    const element = convert(value);
    if (element === undefined) throw refusal(spec, index % width, value);
    slots[index] = element;
  };
}

/** A value as an element of a type; undefined where it is none. */
function converter(type: DType): (value: unknown) => unknown {
  switch (type) {
    case "float32":
    case "float64":
      return toNumber;
    case "float16":
      return (value) => {
        const number = toNumber(value);
        return number === undefined ? undefined : numberToFloat16(number);
      };
    case "string":
      return (value) => (typeof value === "string" && isWholeText(value) ? value : undefined);
    case "bool":
      return toBit;
    case "int64":
      return (value) => toWide(value, (integer) => BigInt.asIntN(64, integer));
    case "uint64":
      return (value) => toWide(value, (integer) => BigInt.asUintN(64, integer));
    case "uint8":
    case "int8":
    case "uint16":
    case "int16":
    case "uint32":
    case "int32": {
      const { low, high } = INTEGERS[type];
      return (value) =>
        typeof value === "number" && Number.isInteger(value) && value >= low && value <= high
          ? value
          : undefined;
    }
  }
}

/** ONNX Runtime's strings are UTF-8 that ends at a NUL: it would score another text than was sent. */
export function isWholeText(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text);
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" && Object.hasOwn(SPECIAL, value) ? SPECIAL[value] : undefined;
}

function toBit(value: unknown): number | undefined {
  if (value === true || value === 1) return 1;
  return value === false || value === 0 ? 0 : undefined;
}

function toWide(value: unknown, wrap: (integer: bigint) => bigint): bigint | undefined {
  const integer = toBigInt(value);
  return integer !== undefined && wrap(integer) === integer ? integer : undefined;
}

function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  // Rounded already, if it is larger.
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === "string" && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function refusal({ name, type }: TensorSpec, index: number, value: unknown): ScoringError {
  return new ScoringError(
    "INPUT_TYPE",
    `input '${name}', element ${index}: ${show(value)}, expected ${expected(type)}`,
  );
}

function expected(type: DType): string {
  if (type === "string") return "a string of Unicode characters without a NUL";
  if (type === "bool") return "true or false";
  if (isIntegerType(type)) return `an integer from ${INTEGERS[type].low} to ${INTEGERS[type].high}`;
  return type === "int64" || type === "uint64" ? `${type}, which is a whole number` : type;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
