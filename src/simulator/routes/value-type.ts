/**
 * Of which type is a part of a condition, before there is a message? edgeHub compiles conditions, and
 * refuses those whose types cannot go together: properties are texts, only a body may be anything.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Routing.Core/query/ConditionVisitor.cs, RouteCompiler.cs
 */

import { RouteFault } from "./lexer.ts";

export type ValueType = "text" | "number" | "truth" | "null" | "undefined" | "body";

/** Who asks: an operator or a function, and where it stands. */
type Operator = { readonly word: string; readonly at: number };

/** A body, null and undefined go with everything. */
function fits(given: ValueType, required: ValueType): boolean {
  return given === required || [given, required].some((type) => !STRICT.has(type));
}

const STRICT: ReadonlySet<ValueType> = new Set(["text", "number", "truth"]);

/** @throws RouteFault where what is given cannot be what is required */
export function requireType(given: ValueType, required: ValueType, { word, at }: Operator): void {
  if (fits(given, required)) return;
  throw new RouteFault(`${word} takes a ${required}, is given a ${given}${remedy(given)}`, at);
}

/** @throws RouteFault where both sides cannot be compared */
export function requireSame(left: ValueType, right: ValueType, { word, at }: Operator): void {
  if (fits(right, left)) return;
  const given = [left, right].includes("text") ? "text" : left;
  throw new RouteFault(`${word} compares a ${left} with a ${right}${remedy(given)}`, at);
}

/**
 * As edgeHub does it, which takes a bare body on the right of AND only beside another on its left.
 *
 * @throws RouteFault
 */
export function requireTruths(left: ValueType, right: ValueType, operator: Operator): void {
  requireType(left, "truth", operator);
  if (left === "body") return;
  requireType(right, "truth", operator);
  if (right === "body") {
    const { word, at } = operator;
    throw new RouteFault(`${word} takes no bare $body on its right: compare it, like = true`, at);
  }
}

function remedy(given: ValueType): string {
  return given === "text" ? "; a property is a text, as_number(…) makes a number of it" : "";
}
