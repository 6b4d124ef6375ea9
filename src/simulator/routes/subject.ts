/** What can a condition ask of a message? Its properties, its system properties, its JSON body. */

import type { Value } from "./value.ts";

export type Subject = {
  readonly properties: Readonly<Record<string, string>>;
  /** By the names of conditions, in lower case: `messageid`, `connectionmoduleid` … */
  readonly system: Readonly<Record<string, string>>;
  /** `undefined` where the body does not say that it is JSON, or is none. */
  readonly body: () => unknown;
};

export type PathStep = string | number;

export type Reference = {
  readonly name: string;
  readonly path: readonly PathStep[];
  /** `{$name}`: never an application property. */
  readonly escaped: boolean;
};

export function lookUp(subject: Subject, { name, path, escaped }: Reference): Value {
  const { properties, system } = subject;
  if (!escaped && path.length === 0 && Object.hasOwn(properties, name)) return properties[name];
  if (!name.startsWith("$")) return undefined;
  const key = name.slice(1).toLowerCase();
  if (key === "body") return inBody(subject.body(), path);
  return Object.hasOwn(system, key) ? system[key] : undefined;
}

export function isBody({ name }: Reference): boolean {
  return name.toLowerCase() === "$body";
}

/**
 * As edgeHub has it, which compares with one null object: only a path that leads nowhere is that
 * object, and whatever is there is another, a null too.
 *
 * @source Azure/iotedge: edge-hub/core/src/Microsoft.Azure.Devices.Routing.Core/query/builtins/IsNull.cs
 */
export function isNullInBody(subject: Subject, { path }: Reference): Value {
  const body = subject.body();
  if (inBody(body, path) === undefined) return undefined;
  const parent = path.slice(0, -1).reduce<unknown>(stepInto, body);
  const last = path.at(-1);
  return last === undefined || (isContainer(parent) && Object.hasOwn(parent, last));
}

function isContainer(value: unknown): value is Record<PathStep, unknown> {
  return typeof value === "object" && value !== null;
}

function stepInto(value: unknown, step: PathStep): unknown {
  return isContainer(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** A path that leads nowhere is null; an object or a list is no value. */
function inBody(body: unknown, path: readonly PathStep[]): Value {
  if (body === undefined) return undefined;
  let value: unknown = body;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return null;
    value = (value as Record<PathStep, unknown>)[step];
  }
  if (value === null || typeof value !== "object") return value as Value;
  return undefined;
}
