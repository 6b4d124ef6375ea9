/** Faults of the input as values, and the two errors that carry them across a call stack. */

import type { Code } from "./codes.ts";

export type Severity = "error" | "warning" | "note";

/** A place in a file a user wrote; line and column count from 1, `path` is dotted (`traffic.blue`). */
export type Place = {
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly path: string;
};

export type Problem = {
  readonly code: Code;
  readonly severity: Severity;
  /** One sentence: the actual value first, then what is allowed, with units. */
  readonly message: string;
  readonly at?: Place;
  /** One imperative sentence. */
  readonly hint?: string;
};

/** What reading a user's file gives: a value when no problem is an error, and every problem found. */
export type Read<T> =
  | { readonly ok: true; readonly value: T; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}

/** In the order of their places, as a reader goes through the files; those without one come first. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(({ at: a }, { at: b }) => {
    if (a === undefined || b === undefined)
      return Number(a !== undefined) - Number(b !== undefined);
    if (a.file !== b.file) return 0;
    return a.line - b.line || a.col - b.col;
  });
}

/** A `Read` of a value that may have come with errors: with one of them the value is dropped. */
export function readOf<T>(value: T, problems: readonly Problem[]): Read<T> {
  return hasErrors(problems) ? { ok: false, problems } : { ok: true, value, problems };
}

/** Faults of a user's input, thrown where returning them is not possible. Ends in exit code 1. */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.code}: ${problem.message}`).join("\n"));
    this.name = "UserError";
    this.problems = problems;
  }
}

/** A `UserError` of one problem. */
export function userError(
  code: Code,
  message: string,
  more: { at?: Place; hint?: string } = {},
): UserError {
  return new UserError([{ code, severity: "error", message, ...more }]);
}

/** A fault of one scoring request; each front maps its code's kind once. */
export class ScoringError extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ScoringError";
    this.code = code;
  }
}
