/** How is a syntax error of the YAML package told to a user? */

import type { Problem } from "../../core/problem.ts";
import type { LineIndex } from "./lines.ts";

/** Carries the one problem that ends the reading of a text. */
export class SyntaxRefusal extends Error {
  readonly problem: Problem;

  constructor(problem: Omit<Problem, "severity">) {
    super(problem.message);
    this.problem = { severity: "error", ...problem };
  }
}

/** An error as the package gives it: `pos` is a pair of offsets. */
export type ParserFault = {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
};

/** What the package says, per code, in words that help; others keep the package's message. */
const SYNTAX: Readonly<Record<string, { readonly message?: string; readonly hint: string }>> = {
  TAB_AS_INDENT: {
    message: "a tab stands in the indentation, must be spaces",
    hint: "Replace the tab by spaces.",
  },
  BAD_INDENT: { hint: "Align this line with the keys around it." },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a mapping starts inside a value on the same line, must start on a line of its own",
    hint: "Put the value into quotes where it holds a colon and a space.",
  },
  MULTILINE_IMPLICIT_KEY: { hint: "Write the key on one line, followed by a colon." },
  TAG_RESOLVE_FAILED: { hint: "Remove the tag." },
};

const OTHER = { hint: "Check the indentation and the punctuation of this line." };

/** The first fault alone: the ones behind it are mostly its echoes. */
export function syntaxRefusal(
  faults: readonly [ParserFault, ...ParserFault[]],
  text: string,
  lines: LineIndex,
): SyntaxRefusal {
  const first = faults.reduce((a, b) => (b.pos[0] < a.pos[0] ? b : a));
  const tab = tabInIndentation(text, first.pos[0]);
  const said: { readonly message?: string; readonly hint: string } =
    SYNTAX[tab === undefined ? first.code : "TAB_AS_INDENT"] ?? OTHER;
  return new SyntaxRefusal({
    code: "SPEC_SYNTAX",
    message: said.message ?? first.message.charAt(0).toLowerCase() + first.message.slice(1),
    at: lines.placeOf(tab ?? first.pos[0], ""),
    hint: said.hint,
  });
}

/** The offset of a tab in the indentation of what follows `offset`, which may be the end of a line. */
function tabInIndentation(text: string, offset: number): number | undefined {
  const rest = text.slice(offset, offset + 1000).search(/\S/);
  const start = text.lastIndexOf("\n", offset + Math.max(rest, 0) - 1) + 1;
  const indentation = /^[ \t]*/.exec(text.slice(start, start + 1000))?.[0] ?? "";
  const tab = indentation.indexOf("\t");
  return tab === -1 ? undefined : start + tab;
}
