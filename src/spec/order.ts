/** In which order are problems told, and how many of them? */

import { escapeControls } from "../core/escape-controls.ts";
import type { Problem } from "../core/problem.ts";
import { hasErrors } from "../core/problem.ts";

/** More than anybody reads. */
const MAX_PROBLEMS = 100;

/**
 * As a reader of the file meets them; of very many the errors first, and their number at the end.
 * What a terminal would obey, taken from names and paths of the file, is written out.
 */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const sorted = problems.map(printable).toSorted(byPlace);
  if (sorted.length <= MAX_PROBLEMS) return sorted;
  const errors = sorted.filter(({ severity }) => severity === "error");
  const others = sorted.filter(({ severity }) => severity !== "error");
  const all = [...errors, ...others];
  const kept = all.slice(0, MAX_PROBLEMS - 1);
  const left = all.slice(MAX_PROBLEMS - 1);
  const [first] = left;
  if (first === undefined) return kept;
  const rest: Problem = {
    code: first.code,
    severity: hasErrors(left) ? "error" : first.severity,
    message: `${left.length} more problems are not shown, the first of them at line ${first.at?.line ?? 1}`,
    ...(first.at === undefined ? {} : { at: first.at }),
    hint: "Correct the ones before first.",
  };
  return [...kept, rest];
}

function byPlace(a: Problem, b: Problem): number {
  if (a.at === undefined || b.at === undefined || a.at.file !== b.at.file) return 0;
  return a.at.line - b.at.line || a.at.col - b.at.col;
}

function printable(problem: Problem): Problem {
  const { message, hint } = problem;
  const safe = { ...problem, message: escapeControls(message) };
  return hint === undefined ? safe : { ...safe, hint: escapeControls(hint) };
}
