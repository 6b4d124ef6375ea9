/** What a command of the command line is: a name, its options, and a function to an outcome. */

import { UserError } from "../core/problem.ts";
import type { Problem } from "../core/problem.ts";

export type Option = {
  readonly type: "boolean" | "string";
  readonly multiple?: boolean;
  readonly short?: string;
  /** What stands for the value in the help text, e.g. `PORT`. */
  readonly value?: string;
  readonly summary: string;
};

export type Invocation = {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line of progress for people, on stderr; nothing under `--json`. */
  readonly progress: (line: string) => void;
  /** For commands that go on: prints an outcome now, the way `main` prints a returned one. */
  readonly announce: (outcome: Outcome) => void;
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
};

/** `main` prints it: problems to stderr, text to stdout; with `--json` one document of everything. */
export type Outcome = {
  readonly problems: readonly Problem[];
  readonly json?: Readonly<Record<string, unknown>>;
  readonly text?: string;
  /** In place of 0, or of 1 where a problem is an error. */
  readonly exitCode?: number;
};

export type Command = {
  readonly name: string;
  /** What follows the name, e.g. `SPEC... -o OUTPUT`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  /**
   * Faults of the input come back as problems or as a thrown `UserError`; anything else is our bug.
   * `undefined` where everything was announced already.
   */
  readonly run: (invocation: Invocation) => Promise<Outcome | undefined>;
};

/** Wrong use of the command line: exit code 2. */
export class UsageError extends Error {}

/** Reads the value of a flag: what is wrong with it is wrong use of the command line. */
export function flagValue<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UsageError(error.problems.map(({ message }) => message).join("; "), { cause: error });
  }
}
