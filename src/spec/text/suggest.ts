/** Which word was meant? Did-you-mean by edit distance, and the problem of an unknown key. */

import type { Problem } from "../../core/problem.ts";
import type { Entry } from "./tree.ts";

/** Unknown keys of one mapping that are reported one by one. */
const MAX_REPORTED = 20;
/** Words that a message lists. */
const MAX_LISTED = 12;

/** The candidate that is nearest to `word`, if any is near enough to be meant. Case does not count. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const limit = word.length <= 3 ? 1 : word.length <= 8 ? 2 : 3;
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  // Of two that are equally far, people more often get the end of a word wrong.
  const better = (candidate: string, distance: number): boolean =>
    best === undefined ||
    distance < best.distance ||
    (distance === best.distance && samePrefix(word, candidate) > samePrefix(word, best.candidate));
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit && better(candidate, distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

function samePrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/**
 * One problem per key, each at its key; of very many, the first ones and their number.
 *
 * @param alsoUnderstood  old spellings: one of them may have been meant, none is proposed
 */
export function unknownKeys(
  entries: readonly Entry[],
  candidates: readonly string[],
  alsoUnderstood: readonly string[] = [],
): readonly Problem[] {
  const shown = entries.length > MAX_REPORTED ? entries.slice(0, MAX_REPORTED) : entries;
  return shown.map((entry, index): Problem => {
    const meant = nearest(entry.key, [...candidates, ...alsoUnderstood]);
    const rest = index === MAX_REPORTED - 1 ? entries.length - MAX_REPORTED : 0;
    const others = rest > 0 ? `, and so are ${rest} more keys behind it` : "";
    return {
      code: "SPEC_UNKNOWN_KEY",
      severity: "error",
      message: `${showKey(entry.key)} is not a known key here${others}`,
      at: entry.at,
      hint:
        meant === undefined
          ? `Use one of ${candidates.join(", ")}.`
          : `Write \`${meant}\`, if that is what you mean.`,
    };
  });
}

/** A value as a message shows it: quoted text, cut where it is long. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(clip(value));
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return "a mapping";
}

/** Keys and names as a message shows them, whatever is in them. */
export function showKey(key: string): string {
  return `\`${show(key).slice(1, -1)}\``;
}

/** `a, b or c`; of many the first ones. */
export function listOf(words: readonly string[]): string {
  const shown = words.slice(0, MAX_LISTED).map((word) => show(word).slice(1, -1));
  const rest = words.length - shown.length;
  if (rest > 0) return `${shown.join(", ")} or one of ${rest} more`;
  return [shown.slice(0, -1).join(", "), ...shown.slice(-1)].filter(Boolean).join(" or ");
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
