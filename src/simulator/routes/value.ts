/** What does a condition compute with? Three-valued logic, and no conversion between types. */

export type Value = undefined | null | boolean | number | string;

export function negate(value: Value): Value {
  return typeof value === "boolean" ? !value : undefined;
}

export function both(left: Value, right: Value): Value {
  if (left === false || right === false) return false;
  return left === true && right === true ? true : undefined;
}

export function either(left: Value, right: Value): Value {
  if (left === true || right === true) return true;
  return left === false && right === false ? false : undefined;
}

/** Text compares by code units, as ordinal comparison does. */
export function compare(operator: string, left: Value, right: Value): Value {
  if (left === undefined || right === undefined) return undefined;
  if (operator === "=") return comparable(left, right) ? left === right : undefined;
  if (operator === "!=" || operator === "<>") {
    return comparable(left, right) ? left !== right : undefined;
  }
  if (left === null || right === null || typeof left !== typeof right) return undefined;
  if (typeof left === "boolean") return undefined;
  switch (operator) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    default:
      return left >= right;
  }
}

function comparable(left: Value, right: Value): boolean {
  return left === null || right === null || typeof left === typeof right;
}

export function calculate(operator: string, left: Value, right: Value): Value {
  if (operator === "||") {
    return typeof left === "string" && typeof right === "string" ? left + right : undefined;
  }
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    default:
      return left % right;
  }
}
