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
