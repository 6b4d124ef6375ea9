/** Does a canonical tree have the shape of a spec? The schema's issues become problems with places. */

import { z } from "zod";
import type { Problem, Read } from "../core/problem.ts";
import { oldKeysAt } from "./dialects/old-keys.ts";
import { endpointSchema, environmentSchema } from "./endpoint.ts";
import type { EndpointSpec } from "./endpoint.ts";
import { keyOf, placesOf } from "./text/places.ts";
import type { Path, Places } from "./text/places.ts";
import { listOf, nearest, show, showKey, unknownKeys } from "./text/suggest.ts";
import { entryOf, toData } from "./text/tree.ts";
import type { MapNode, Node } from "./text/tree.ts";

type Issue = z.core.$ZodIssue;

/** What is checked, and where its parts stand. */
type Question = { readonly schema: z.ZodType; readonly root: Node; readonly places: Places };

export function checkShape(root: MapNode, places: Places): Read<EndpointSpec> {
  return check(endpointSchema, { schema: endpointSchema, root, places });
}

/** Of an environment in a file of its own. */
export function checkEnvironment(root: Node): Read<z.infer<typeof environmentSchema>> {
  const places = placesOf(root, root.at);
  return check(environmentSchema, { schema: environmentSchema, root, places });
}

function check<T>(schema: z.ZodType<T>, question: Question): Read<T> {
  const parsed = schema.safeParse(toData(question.root));
  if (parsed.success) return { ok: true, value: parsed.data, problems: [] };
  const issues = parsed.error.issues.flatMap(innermost);
  const unknown = issues.flatMap((issue) => unknownKeyProblems(issue, question));
  const meant = new Set(unknown.map(({ meantPath }) => meantPath));
  const others = issues
    .filter((issue) => issue.code !== "unrecognized_keys")
    // A misspelt key is one fault, not two.
    .filter((issue) => !(isMissing(issue, question) && meant.has(pathOf(issue).join("."))))
    .map((issue) => problemOf(issue, question));
  return { ok: false, problems: [...unknown.map(({ problem }) => problem), ...others] };
}

function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
}

/** Of a union the issues of the member that the value was meant to be: a mapping, if it is one. */
function innermost(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const meant = issue.errors.find((member) =>
    member.every(({ path, code }) => {
      return path.length > 0 || code === "unrecognized_keys";
    }),
  );
  if (meant === undefined) return [issue];
  return meant.flatMap((inner) => innermost({ ...inner, path: [...issue.path, ...inner.path] }));
}

function unknownKeyProblems(
  issue: Issue,
  question: Question,
): readonly { readonly problem: Problem; readonly meantPath: string }[] {
  if (issue.code !== "unrecognized_keys") return [];
  const path = pathOf(issue);
  const keys = new Set(issue.keys);
  const map = nodeAt(question.root, path);
  const entries = map?.kind === "map" ? map.entries.filter((entry) => keys.has(entry.key)) : [];
  const known = keysAt(question.schema, path);
  return unknownKeys(entries, known, oldKeysAt(path)).map((problem, index) => ({
    problem,
    meantPath: [...path, nearest(entries[index]?.key ?? "", known) ?? ""].join("."),
  }));
}

function isMissing(issue: Issue, { root }: Question): boolean {
  return issue.path.length > 0 && nodeAt(root, pathOf(issue)) === undefined;
}

function problemOf(issue: Issue, question: Question): Problem {
  const { root, places } = question;
  const path = pathOf(issue);
  const schema = schemaAt(question.schema, path);
  const allowed = mustBe(schema);
  if (isMissing(issue, question)) {
    const key = String(path.at(-1));
    return {
      code: "SPEC_MISSING_KEY",
      severity: "error",
      message: `\`${key}\` is absent, must be ${allowed}`,
      at: places.absent(path),
      hint: `Add \`${key}:\`.`,
    };
  }
  const node = nodeAt(root, path);
  const wrongType = issue.code === "invalid_type" || issue.code === "invalid_union";
  return {
    code: wrongType ? "SPEC_WRONG_TYPE" : "SPEC_WRONG_VALUE",
    severity: "error",
    message: `${showKey(keyOf(places.value(path)))} is ${show(node === undefined ? undefined : toData(node))}, must be ${allowed}`,
    at: places.value(path),
    hint: hintFor(schema, node),
  };
}

function nodeAt(root: Node, path: Path): Node | undefined {
  let node: Node | undefined = root;
  for (const step of path) {
    node = node?.kind === "list" ? node.items[Number(step)] : entryOf(node, String(step))?.node;
  }
  return node;
}

function hintFor(schema: z.ZodType | undefined, node: Node | undefined): string {
  if (schema instanceof z.ZodEnum) {
    const words = schema.options.map(String);
    const meant = node?.kind === "scalar" ? nearest(node.text, words) : undefined;
    return `Write ${meant ?? listOf(words)}.`;
  }
  if (
    node?.kind === "scalar" &&
    typeof node.value === "string" &&
    Number.isFinite(Number(node.text))
  ) {
    if (schema instanceof z.ZodNumber) return "Remove the quotes.";
  }
  if (schema instanceof z.ZodString && !(node?.kind === "scalar" && node.value === ""))
    return "Write text, in quotes where it looks like a number.";
  if (schema instanceof z.ZodArray) return "Write a list, an item a line, each behind a hyphen.";
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) {
    return "Write a mapping: a key and a value a line, indented.";
  }
  return `Write ${mustBe(schema)}.`;
}

function mustBe(schema: z.ZodType | undefined): string {
  if (schema instanceof z.ZodEnum) return listOf(schema.options.map(String));
  return schema?.description ?? "a mapping";
}

function keysAt(root: z.ZodType, path: Path): readonly string[] {
  const schema = memberMap(schemaAt(root, path));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function schemaAt(root: z.ZodType, path: Path): z.ZodType | undefined {
  let schema: z.ZodType | undefined = root;
  for (const step of path) {
    const outer = memberMap(schema);
    if (outer instanceof z.ZodObject) schema = outer.shape[step] as z.ZodType | undefined;
    else if (outer instanceof z.ZodRecord) schema = outer.valueType as z.ZodType;
    else if (outer instanceof z.ZodArray) schema = outer.element as z.ZodType;
    else return undefined;
    if (schema instanceof z.ZodOptional) schema = schema.unwrap() as z.ZodType;
  }
  return schema;
}

/** Of a union the member that is a mapping; anything else is itself. */
function memberMap(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (!(schema instanceof z.ZodUnion)) return schema;
  const members = schema.options as readonly z.ZodType[];
  return members.find((member) => member instanceof z.ZodObject);
}
