/** What every look-up of a reference needs, and how it says that nothing was found. */

import { dirname, resolve } from "node:path";
import type { Place, Problem } from "../../core/problem.ts";

export type LookupContext = {
  readonly cwd: string;
  /** Folder of the user's model store. */
  readonly modelStore: string;
};

/** The folder of the file that a place is in: what is written there is relative to it. */
export function folderOf(at: Place, context: LookupContext): string {
  return dirname(resolve(context.cwd, at.file));
}

export function referenceProblem(message: string, at: Place, hint: string): Problem {
  return { code: "SPEC_REFERENCE", severity: "error", message, at, hint };
}

export function lookedAt(places: readonly string[]): string {
  return `looked at ${places.join(", ")}`;
}
