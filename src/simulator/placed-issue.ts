/** What the schema library says of a document, in our words and at its place in the file. */

import type { Code } from "../core/codes.ts";
import type { Place, Problem } from "../core/problem.ts";
import { entryOf, toData } from "../spec/text/tree.ts";
import type { Node } from "../spec/text/tree.ts";

export type Issue = {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Which are unknown. */
  readonly keys?: readonly string[];
  /** Of a key that may not be called so. */
  readonly issues?: readonly { readonly message: string }[];
  /** A type. */
  readonly expected?: string;
  readonly values?: readonly unknown[];
};

export type IssueContext = {
  readonly code: Code;
  readonly hint: string;
  /** The document, as a message calls it. */
  readonly whole: string;
  /** Where the root of the issues stands. */
  readonly before: readonly string[];
};

export function placedIssue(issue: Issue, root: Node, context: IssueContext): Problem {
  const { code, hint, whole, before } = context;
  const problem = (at: Place, message: string): Problem => ({
    code,
    severity: "error",
    message,
    at,
    hint,
  });
  const found = lookUp(root, issue.path);
  const path = [...before, ...issue.path.map(String)].join(".");
  const misnamed = issue.code === "invalid_key" ? issue.issues?.[0] : undefined;
  if (misnamed !== undefined) return problem(found.key, misnamed.message);
  const [unknown] = issue.keys ?? [];
  if (unknown !== undefined) {
    const at = entryOf(found.node, unknown)?.at ?? found.at;
    return problem(at, `${[path, unknown].join(".")} is no key of ${whole}`);
  }
  if (found.node === undefined || path === "") {
    return problem(found.at, `${path || whole} is absent or empty`);
  }
  if (issue.code === "custom" && !issue.message.startsWith(EXPECTED)) {
    return problem(found.at, `${path} ${issue.message}`);
  }
  const value = JSON.stringify(toData(found.node)).slice(0, 100);
  return problem(found.at, `${path} is ${value}, must be ${expectation(issue)}`);
}

type Found = {
  /** Absent where the path leads on from what is there. */
  readonly node: Node | undefined;
  /** Of the last part that is there, and of its key. */
  readonly at: Place;
  readonly key: Place;
};

function lookUp(root: Node, path: readonly PropertyKey[]): Found {
  let node: Node | undefined = root;
  let { at } = root;
  let key = at;
  for (const step of path) {
    const entry = entryOf(node, String(step));
    node = node?.kind === "list" ? node.items[Number(step)] : entry?.node;
    at = node?.at ?? at;
    key = entry?.at ?? at;
  }
  return { node, at, key };
}

/** How our own messages in a schema begin. */
const EXPECTED = "expected ";

const TYPES: Readonly<Record<string, string>> = {
  record: "a mapping",
  object: "a mapping",
  array: "a list",
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
};

function expectation(issue: Issue): string {
  const { code, message, expected = "", values = [] } = issue;
  if (message.startsWith(EXPECTED)) return message.slice(EXPECTED.length);
  if (code === "invalid_type") return TYPES[expected] ?? expected;
  if (code === "invalid_value") return values.map(String).join(" or ");
  return "as the schema says";
}
