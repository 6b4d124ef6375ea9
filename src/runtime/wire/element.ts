/** One JSON value into one tensor element, with the range of its type. */

import { numberToFloat16 } from "../../core/float16.ts";
import { ScoringError } from "../../core/problem.ts";
import type { TensorSpec } from "../../core/signature.ts";
import type { DType } from "../../core/tensor.ts";

type Slots = { [index: number]: unknown };
type Writer = (index: number, value: unknown) => void;

/** What JSON has no number for; answers are written with the same words. */
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

const RANGES: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint32: [0, 4294967295],
  int32: [-2147483648, 2147483647],
};

/** A function that puts values of `spec.type` into `slots`, or throws ScoringError INPUT_TYPE. */
export function elementWriter(spec: TensorSpec, data: unknown): Writer {
  const slots = data as Slots;
  const refuse = (index: number, value: unknown, expected: string): never => {
    throw new ScoringError(
      "INPUT_TYPE",
      `input '${spec.name}', element ${index}: ${show(value)}, expected ${expected}`,
    );
  };
  switch (spec.type) {
    case "float32":
    case "float64":
      return (index, value) => {
        slots[index] =
          typeof value === "number" ? value : (special(value) ?? refuse(index, value, spec.type));
      };
    case "float16":
      return (index, value) => {
        const number =
          typeof value === "number" ? value : (special(value) ?? refuse(index, value, spec.type));
        slots[index] = numberToFloat16(number);
      };
    case "string":
      return (index, value) => {
        slots[index] = typeof value === "string" ? value : refuse(index, value, "a string");
      };
    case "bool":
      return (index, value) => {
        if (value === true || value === 1) slots[index] = 1;
        else if (value === false || value === 0) slots[index] = 0;
        else refuse(index, value, "true or false");
      };
    case "int64":
    case "uint64": {
      const signed = spec.type === "int64";
      return (index, value) => {
        const integer = toBigInt(value, signed);
        slots[index] = integer ?? refuse(index, value, wideInteger(spec.type));
      };
    }
    case "uint8":
    case "int8":
    case "uint16":
    case "int16":
    case "uint32":
    case "int32": {
      const [low, high] = RANGES[spec.type] ?? [0, 0];
      return (index, value) => {
        const fits =
          typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
        slots[index] = fits ? value : refuse(index, value, `an integer from ${low} to ${high}`);
      };
    }
  }
}

function wideInteger(type: string): string {
  return `${type} (beyond 2^53 write it as a string)`;
}

function special(value: unknown): number | undefined {
  return typeof value === "string" && Object.hasOwn(SPECIAL, value) ? SPECIAL[value] : undefined;
}

function toBigInt(value: unknown, signed: boolean): bigint | undefined {
  let integer: bigint;
  if (typeof value === "number") {
    // JSON.parse has rounded anything larger already.
    if (!Number.isSafeInteger(value)) return undefined;
    integer = BigInt(value);
  } else if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) integer = BigInt(value);
  else return undefined;
  const wrapped = signed ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
  return wrapped === integer ? integer : undefined;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
