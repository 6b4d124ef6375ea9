/** What does an environment document in a file of its own say? */

import { relative } from "node:path";
import type { Place, Problem, Read } from "../core/problem.ts";
import { looksLikeAsset } from "./asset.ts";
import { canonicalEnvironment } from "./dialects/reference.ts";
import type { DeploymentSpec } from "./endpoint.ts";
import { readSpecText } from "./text/file.ts";
import { checkEnvironment } from "./shape.ts";
import { parseSpecText } from "./text/source.ts";

export type EnvironmentDocument = {
  readonly environment: Exclude<NonNullable<DeploymentSpec["environment"]>, string>;
  readonly at: Place;
};

/** Whether an `environment` names a file instead of an asset (design documents of 2020). */
export function isEnvironmentFile(text: string): boolean {
  return !looksLikeAsset(text) && /\.ya?ml$/i.test(text);
}

export async function readEnvironmentFile(
  file: string,
  cwd: string,
): Promise<Read<EnvironmentDocument>> {
  const inside = relative(cwd, file);
  const shown = inside.startsWith("..") ? file : inside;
  const text = await readSpecText(shown, cwd);
  if (!text.ok) return text;
  const documents = parseSpecText(text.value, shown);
  if (!documents.ok) return documents;
  const [node] = documents.value;
  if (node === undefined) throw new Error("a text without problems holds a document");
  const problems: Problem[] = [];
  const canonical = canonicalEnvironment(node, (problem) => problems.push(problem));
  const environment = checkEnvironment(canonical);
  if (!environment.ok) return { ok: false, problems: [...problems, ...environment.problems] };
  return { ok: true, value: { environment: environment.value, at: node.at }, problems };
}
