/** Where does a problem of the canonical form stand in what the user wrote? */

import type { Place } from "../../core/problem.ts";
import { entryOf } from "./tree.ts";
import type { Entry, Node } from "./tree.ts";

export type Path = readonly (string | number)[];

export type Places = {
  /** The value at a path, else the nearest one around it. */
  readonly value: (path: Path) => Place;
  /** The key at a path, else the nearest one around it. */
  readonly key: (path: Path) => Place;
  /** Where an absent key is missed: the key of its deployment, else the nearest key around it. */
  readonly absent: (path: Path) => Place;
};

/** The last step of a place's path: the key as the user spelt it. */
export function keyOf(place: Place): string {
  return place.path.slice(place.path.lastIndexOf(".") + 1);
}

/** @param start the first key of the document, where nothing around a path has a key */
export function placesOf(root: Node, start: Place): Places {
  return {
    value: (path) => walk(root, path, start).value,
    key: (path) => walk(root, path, start).key,
    absent: (path) => {
      const around = path[0] === "deployments" ? path.slice(0, 2) : path;
      return { ...walk(root, around, start).key, path: path.join(".") };
    },
  };
}

function walk(
  root: Node,
  path: Path,
  start: Place,
): { readonly key: Place; readonly value: Place } {
  let found = { key: start, value: start };
  let node: Node | undefined = root;
  for (const step of path) {
    const next: Entry | Node | undefined =
      node?.kind === "list" ? node.items[Number(step)] : entryOf(node, String(step));
    if (next === undefined) return found;
    if ("key" in next) {
      found = { key: next.at, value: next.node.at };
      node = next.node;
    } else {
      found = { key: next.at, value: next.at };
      node = next;
    }
  }
  return found;
}
