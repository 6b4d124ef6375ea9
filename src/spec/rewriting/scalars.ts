/** Scalars whose spelling is looser than their meaning: versions, enumerations, maps of text. */

import { entryOf, textNode } from "../text/tree.ts";
import type { Node } from "../text/tree.ts";
import { oldSpelling } from "./draft.ts";
import type { Draft, Report } from "./draft.ts";

/** A version `3` or `1.10` is text, whatever YAML makes of it. */
export function readAsText(draft: Draft, keys: readonly string[]): void {
  for (const key of keys) {
    const node = draft.get(key)?.node;
    if (node?.kind === "scalar" && node.value !== null) {
      draft.replace(key, textNode(node.text, node.at));
    }
  }
}

/** Every number and boolean of a mapping of text, as written: environment variables and tags. */
export function readMapAsText(draft: Draft, key: string): void {
  const node = draft.get(key)?.node;
  if (node?.kind !== "map") return;
  const entries = node.entries.map((entry) => {
    const scalar = entry.node;
    if (scalar.kind !== "scalar" || scalar.value === null) return entry;
    return { ...entry, node: textNode(scalar.text, scalar.at) };
  });
  draft.replace(key, { ...node, entries });
}

export type Spellings = {
  /** Current ones: any case is understood. */
  readonly current: readonly string[];
  /** Old ones in lower case → current. */
  readonly old?: ReadonlyMap<string, string>;
};

/** One of some words, in its current spelling; another word is left to the shape stage. */
export function respell(draft: Draft, key: string, options: Spellings & { report: Report }): void {
  const node = draft.get(key)?.node;
  if (node?.kind !== "scalar" || typeof node.value !== "string") return;
  const lower = node.text.toLowerCase();
  const now = options.current.find((word) => word === lower) ?? options.old?.get(lower);
  if (now === undefined || now === node.text) return;
  options.report(oldSpelling(node.at, node.text, now));
  draft.replace(key, textNode(now, node.at));
}

export function textAt(node: Node, key: string): string | undefined {
  const found = entryOf(node, key)?.node;
  return found?.kind === "scalar" && typeof found.value === "string" ? found.text : undefined;
}
