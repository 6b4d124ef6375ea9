/**
 * Which documents does a text hold? YAML (and so JSON) → our own tree, with a bound on everything
 * that a hostile file can make large: tokens, depth, and what aliases expand to.
 */

import { Composer, Lexer, Parser, isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Document, Pair, Scalar, YAMLMap } from "yaml";
import type { Place, Problem, Read } from "../../core/problem.ts";
import { lineIndexOf } from "./lines.ts";
import type { LineIndex } from "./lines.ts";
import { showKey } from "./suggest.ts";
import { SyntaxRefusal, syntaxRefusal } from "./syntax-fault.ts";
import type { Entry, ListNode, MapNode, Node, ScalarNode } from "./tree.ts";

/** A spec of a screenful has some hundred. */
const MAX_TOKENS = 200_000;
/** Entries of one mapping, items of one list: later stages may compare each with each. */
const MAX_ENTRIES = 1000;
/** In the parser's own count, where a level of a spec takes one or two. */
const MAX_PARSER_DEPTH = 150;
/** Nodes that all aliases of a text may stand for together. */
const MAX_ALIASED_NODES = 10_000;
/** Levels that an aliased node may have, since aliases of aliases grow deep without indentation. */
const MAX_ALIASED_DEPTH = 50;

/** Every document that is not empty; of syntax errors the first alone. */
export function parseSpecText(text: string, file: string): Read<readonly Node[]> {
  const lines = lineIndexOf(text, file);
  try {
    const nodes: Node[] = [];
    for (const document of documentsOf(text, lines)) {
      const [first, ...others] = [...document.errors, ...document.warnings];
      if (first !== undefined) throw syntaxRefusal([first, ...others], text, lines);
      const node = new TreeBuilder(lines).build(document);
      if (node !== undefined) nodes.push(node);
    }
    if (nodes.length > 0) return { ok: true, value: nodes, problems: [] };
    return { ok: false, problems: [emptyText(lines.placeOf(0, ""))] };
  } catch (error) {
    if (error instanceof SyntaxRefusal) return { ok: false, problems: [error.problem] };
    throw error;
  }
}

function emptyText(at: Place): Problem {
  return {
    code: "SPEC_EMPTY",
    severity: "error",
    message: `${at.file} is empty, must hold an endpoint`,
    at,
    hint: "Write at least a name and one deployment.",
  };
}

/** The package's own pipeline, taken apart so that its depth can be watched while it grows. */
function* documentsOf(text: string, lines: LineIndex): Generator<Document> {
  const parser = new Parser();
  // The package's check for equal keys is quadratic; the tree builder has a linear one.
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens += 1;
    for (const token of parser.next(lexeme)) yield* composer.next(token);
    if (parser.stack.length > MAX_PARSER_DEPTH || tokens > MAX_TOKENS) {
      const at = lines.placeOf(Math.max(parser.offset - lexeme.length, 0), "");
      throw tokens > MAX_TOKENS
        ? tooLarge(`${at.file} holds more than ${MAX_TOKENS} YAML tokens`, at)
        : tooDeep(at);
    }
  }
  for (const token of parser.end()) yield* composer.next(token);
  yield* composer.end();
}

function tooDeep(at: Place): SyntaxRefusal {
  return new SyntaxRefusal({
    code: "SPEC_TOO_DEEP",
    message: `${at.file} is nested deeper than a spec can be`,
    at,
    hint: "Check that this file is a spec.",
  });
}

function tooLarge(what: string, at: Place): SyntaxRefusal {
  return new SyntaxRefusal({
    code: "SPEC_TOO_LARGE",
    message: `${what}, the most that a spec may have`,
    at,
    hint: "Check that this file is a spec.",
  });
}

/** A finished node with what an alias of it stands for. */
type Built = { readonly node: Node; readonly size: number; readonly depth: number };

/** Builds the tree of one document. An alias shares its anchor's node, so nothing is expanded. */
class TreeBuilder {
  readonly #lines: LineIndex;
  readonly #anchors = new Map<string, Built>();
  #aliasedNodes = 0;

  constructor(lines: LineIndex) {
    this.#lines = lines;
  }

  /** `undefined` for an empty document. */
  build(document: Document): Node | undefined {
    if (document.contents === null) return undefined;
    const { node } = this.#node(document.contents, "", 0);
    return node.kind === "scalar" && node.value === null ? undefined : node;
  }

  #node(yamlNode: unknown, path: string, offset: number): Built {
    if (isAlias(yamlNode)) return this.#alias(yamlNode.source, this.#at(yamlNode, path, offset));
    const at = this.#at(yamlNode, path, offset);
    let built: Built;
    if (isMap(yamlNode)) built = this.#map(yamlNode, at);
    else if (isSeq(yamlNode)) built = this.#list(yamlNode.items, at);
    else
      built = { node: scalarOf(isScalar(yamlNode) ? yamlNode : undefined, at), size: 1, depth: 1 };
    const anchor = (yamlNode as { readonly anchor?: string } | null)?.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, built);
    return built;
  }

  #at(yamlNode: unknown, path: string, offset: number): Place {
    const range = (yamlNode as { readonly range?: readonly number[] | null } | null)?.range;
    return this.#lines.placeOf(range?.[0] ?? offset, path);
  }

  #alias(anchor: string, at: Place): Built {
    const target = this.#anchors.get(anchor);
    if (target === undefined) {
      throw new SyntaxRefusal({
        code: "SPEC_SYNTAX",
        message: `*${anchor} stands for nothing, must follow its anchor &${anchor}`,
        at,
        hint: `Write &${anchor} before the value that is meant, or put the text into quotes.`,
      });
    }
    this.#aliasedNodes += target.size;
    if (this.#aliasedNodes > MAX_ALIASED_NODES || target.depth > MAX_ALIASED_DEPTH) {
      throw new SyntaxRefusal({
        code: "SPEC_ALIASES",
        message: `aliases up to *${anchor} stand for more than ${MAX_ALIASED_NODES} values or ${MAX_ALIASED_DEPTH} levels, the most that a spec may have`,
        at,
        hint: "Write the values out, or use fewer aliases.",
      });
    }
    return target;
  }

  #list(items: readonly unknown[], at: Place): Built {
    if (items.length > MAX_ENTRIES) {
      throw tooLarge(`a list holds ${items.length} items, more than ${MAX_ENTRIES}`, at);
    }
    const built = items.map((item, index) => this.#node(item, join(at.path, index), 0));
    const node: ListNode = { kind: "list", at, items: built.map((item) => item.node) };
    return { node, ...measure(built) };
  }

  #map(map: YAMLMap, at: Place): Built {
    const entries = new Map<string, Entry>();
    const merged: Built[] = [];
    const built: Built[] = [];
    for (const pair of map.items) {
      const key = this.#key(pair, at);
      const end = (pair.key as { readonly range?: readonly number[] }).range?.[1] ?? 0;
      const value = this.#node(pair.value, key.at.path, end);
      built.push(value);
      if (key.text === "<<" && key.plain) merged.push(value);
      else if (entries.has(key.text)) throw duplicate(key.text, key.at);
      else entries.set(key.text, { key: key.text, at: key.at, node: value.node });
    }
    for (const { node } of merged) {
      for (const entry of mergedEntries(node)) {
        if (!entries.has(entry.key)) entries.set(entry.key, entry);
      }
    }
    if (entries.size > MAX_ENTRIES) {
      throw tooLarge(`a mapping holds ${entries.size} keys, more than ${MAX_ENTRIES}`, at);
    }
    const node: MapNode = { kind: "map", at, entries: [...entries.values()] };
    return { node, ...measure(built) };
  }

  #key(pair: Pair, map: Place): { readonly text: string; readonly plain: boolean; at: Place } {
    const { key } = pair;
    if (isScalar(key) && key.value !== null) {
      const text = textOf(key);
      if (text === "__proto__") throw unusableKey(this.#at(key, join(map.path, text), 0));
      return { text, plain: key.type === "PLAIN", at: this.#at(key, join(map.path, text), 0) };
    }
    throw new SyntaxRefusal({
      code: "SPEC_SYNTAX",
      message: "a key is empty or not text, must be plain text",
      at: this.#lines.placeOf(
        (key as { readonly range?: readonly number[] } | null)?.range?.[0] ?? 0,
        map.path,
      ),
      hint: "Write the key as text, followed by a colon.",
    });
  }
}

function join(path: string, step: string | number): string {
  return path === "" ? String(step) : `${path}.${step}`;
}

function measure(parts: readonly Built[]): { readonly size: number; readonly depth: number } {
  let size = 1;
  let depth = 0;
  for (const part of parts) {
    size += part.size;
    depth = Math.max(depth, part.depth);
  }
  return { size, depth: depth + 1 };
}

function duplicate(key: string, at: Place): SyntaxRefusal {
  return new SyntaxRefusal({
    code: "SPEC_DUPLICATE_KEY",
    message: `${showKey(key)} appears a second time in one mapping, must appear once`,
    at,
    hint: `Remove one ${showKey(key)}, or rename it.`,
  });
}

/** The one key that plain objects of JavaScript, here and in the device's JSON, cannot hold. */
function unusableKey(at: Place): SyntaxRefusal {
  return new SyntaxRefusal({
    code: "SPEC_UNKNOWN_KEY",
    message: "`__proto__` is no key of a spec, nor a name that could be kept",
    at,
    hint: "Remove it, or choose another name.",
  });
}

/** @source yaml.org/type/merge.html: a mapping, or a list of mappings of which the earlier win */
function mergedEntries(node: Node): readonly Entry[] {
  if (node.kind === "map") return node.entries;
  if (node.kind === "list" && node.items.every((item) => item.kind === "map")) {
    return node.items.flatMap((item) => (item.kind === "map" ? item.entries : []));
  }
  throw new SyntaxRefusal({
    code: "SPEC_SYNTAX",
    message: "`<<` merges something else, must merge a mapping or a list of mappings",
    at: node.at,
    hint: "Let `<<` name the anchor of a mapping.",
  });
}

function scalarOf(scalar: Scalar | undefined, at: Place): ScalarNode {
  const value = scalar?.value ?? null;
  const text = scalar === undefined ? "" : textOf(scalar);
  const known = value === null || ["string", "number", "boolean"].includes(typeof value);
  return { kind: "scalar", at, value: known ? (value as ScalarNode["value"]) : text, text };
}

/** As written, without quotes. */
function textOf(scalar: Scalar): string {
  if (typeof scalar.value === "string") return scalar.value;
  return scalar.source ?? String(scalar.value);
}
