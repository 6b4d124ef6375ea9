/** A document of desired properties, and how a patch changes it. */

export type DesiredDocument = Readonly<Record<string, unknown>>;

export function isDocument(value: unknown): value is DesiredDocument {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function versionOf(document: DesiredDocument): number {
  return Number(document["$version"] ?? 0);
}

/** Without what the hub says about it. */
export function bareOf(document: DesiredDocument): DesiredDocument {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !key.startsWith("$")));
}

/** IoT Hub's own limit, for hubs that do not keep it. */
const MAX_DEPTH = 10;

/**
 * With a text in place of what is nested deeper than any hub allows: nothing that looks at a document
 * level by level could bear it, and as a wrong value it is refused like any other.
 */
export function shallow(document: DesiredDocument): DesiredDocument {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [key, shallowValue(value, 2)]),
  );
}

function shallowValue(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) return `nested deeper than ${MAX_DEPTH} levels`;
  if (Array.isArray(value)) return value.map((item) => shallowValue(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, shallowValue(item, depth + 1)]),
  );
}

/** @source RFC 7396 */
export function merge(target: DesiredDocument, patch: DesiredDocument): DesiredDocument {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    const old = merged.get(key);
    if (value === null) merged.delete(key);
    else if (isDocument(value)) merged.set(key, merge(isDocument(old) ? old : {}, value));
    else merged.set(key, value);
  }
  // fromEntries defines its keys: one called `__proto__` is one like any other.
  return Object.fromEntries(merged);
}
