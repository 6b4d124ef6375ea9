/**
 * The functions of the condition language, by name in lower case.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Routing.Core/query/builtins
 */

import type { Value } from "./value.ts";
import type { ValueType } from "./value-type.ts";

export type RouteFunction = {
  readonly parameters: readonly [least: number, most: number];
  /** Of the parameter at this place; "body": anything. */
  readonly takes: (place: number) => ValueType;
  readonly gives: ValueType;
  readonly call: (values: readonly Value[]) => Value;
};

const NUMBERS = (count: number, compute: (...numbers: number[]) => number): RouteFunction => ({
  parameters: [count, count],
  takes: () => "number",
  gives: "number",
  call: (values) => {
    if (!values.every((value) => typeof value === "number")) return undefined;
    const result = compute(...values);
    return Number.isFinite(result) ? result : undefined;
  },
});

const TEXTS = (
  count: number,
  gives: ValueType,
  compute: (...texts: string[]) => Value,
): RouteFunction => ({
  parameters: [count, count],
  takes: () => "text",
  gives,
  call: (values) =>
    values.every((value) => typeof value === "string") ? compute(...values) : undefined,
});

const TEST = (holds: (value: Value) => boolean): RouteFunction => ({
  parameters: [1, 1],
  takes: () => "body",
  gives: "truth",
  call: ([value]) => holds(value),
});

export const FUNCTIONS: ReadonlyMap<string, RouteFunction> = new Map<string, RouteFunction>([
  ["abs", NUMBERS(1, Math.abs)],
  ["exp", NUMBERS(1, Math.exp)],
  ["power", NUMBERS(2, (base = 0, exponent = 0) => base ** exponent)],
  ["square", NUMBERS(1, (number = 0) => number * number)],
  ["ceiling", NUMBERS(1, Math.ceil)],
  ["floor", NUMBERS(1, Math.floor)],
  ["sign", NUMBERS(1, Math.sign)],
  ["sqrt", NUMBERS(1, Math.sqrt)],
  [
    "as_number",
    {
      parameters: [1, 1],
      takes: () => "body",
      gives: "number",
      call: ([value]) => asNumber(value),
    },
  ],
  ["is_bool", TEST((value) => typeof value === "boolean")],
  ["is_defined", TEST((value) => value !== undefined)],
  // Of a body, see subject.ts; a property that is absent is a null text.
  ["is_null", TEST((value) => value === null || value === undefined)],
  ["is_number", TEST((value) => typeof value === "number")],
  ["is_string", TEST((value) => typeof value === "string")],
  ["concat", { parameters: [2, 100], takes: () => "text", gives: "text", call: concat }],
  ["length", TEXTS(1, "number", (text = "") => text.length)],
  ["lower", TEXTS(1, "text", (text = "") => text.toLowerCase())],
  ["upper", TEXTS(1, "text", (text = "") => text.toUpperCase())],
  [
    "substring",
    {
      parameters: [2, 3],
      takes: (place) => (place === 0 ? "text" : "number"),
      gives: "text",
      call: substring,
    },
  ],
  ["index_of", TEXTS(2, "number", (text = "", part = "") => text.indexOf(part))],
  ["starts_with", TEXTS(2, "truth", (text = "", part = "") => text.startsWith(part))],
  ["ends_with", TEXTS(2, "truth", (text = "", part = "") => text.endsWith(part))],
  ["contains", TEXTS(2, "truth", (text = "", part = "") => text.includes(part))],
]);

function asNumber(value: Value): Value {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function concat(values: readonly Value[]): Value {
  return values.every((value) => typeof value === "string") ? values.join("") : undefined;
}

function substring([text, from, length]: readonly Value[]): Value {
  if (typeof text !== "string" || typeof from !== "number") return undefined;
  if (from < 0 || from > text.length) return undefined;
  return typeof length === "number" ? text.slice(from, from + length) : text.slice(from);
}
