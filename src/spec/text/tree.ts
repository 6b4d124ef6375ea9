/** What a spec document is once its syntax is read: maps, lists and scalars that know their place. */

import type { Place } from "../../core/problem.ts";

export type ScalarNode = {
  readonly kind: "scalar";
  readonly at: Place;
  readonly value: string | number | boolean | null;
  /** As written, without quotes: the version `1.10` stays `1.10`. */
  readonly text: string;
};

export type ListNode = {
  readonly kind: "list";
  readonly at: Place;
  readonly items: readonly Node[];
};

export type Entry = {
  readonly key: string;
  /** Of the key; the value's own place is `node.at`. */
  readonly at: Place;
  readonly node: Node;
};

export type MapNode = {
  readonly kind: "map";
  readonly at: Place;
  readonly entries: readonly Entry[];
};

export type Node = ScalarNode | ListNode | MapNode;

/** Entries by key, made once per mapping: thousands of keys are looked up one by one. */
const indexes = new WeakMap<MapNode, ReadonlyMap<string, Entry>>();

export function entryOf(node: Node | undefined, key: string): Entry | undefined {
  if (node?.kind !== "map") return undefined;
  let index = indexes.get(node);
  if (index === undefined) {
    index = new Map(node.entries.map((entry) => [entry.key, entry]));
    indexes.set(node, index);
  }
  return index.get(key);
}

/** A scalar that holds this text, standing where `at` says. */
export function textNode(text: string, at: Place): ScalarNode {
  return { kind: "scalar", at, value: text, text };
}

/** Plain data of a tree; objects without a prototype, so that no key is special. */
export function toData(node: Node): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toData);
  const data = Object.create(null) as Record<string, unknown>;
  for (const entry of node.entries) data[entry.key] = toData(entry.node);
  return data;
}
