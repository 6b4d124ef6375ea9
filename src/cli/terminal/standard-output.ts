/** What if nothing more can be printed? A full disk is said on stderr, a closed pipe to nobody. */

import type { Problem } from "../../core/problem.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is too large for the file system",
};

export type StandardOutput = {
  /** Called once, when what is printed cannot be taken any more, by a closed pipe too. */
  readonly onLost: (listener: () => void) => void;
  /** Whether something that was printed is lost to somebody who may miss it. */
  readonly failed: () => boolean;
};

/**
 * Without a listener Node would end the process with a stack trace.
 *
 * @param tell prints a problem on stderr
 */
export function watchOutput(
  { stdout, stderr }: Pick<NodeJS.Process, "stdout" | "stderr">,
  tell: (problem: Problem) => void,
): StandardOutput {
  const listeners: (() => void)[] = [];
  let lost = false;
  let failed = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (lost) return;
    lost = true;
    // Who closed the pipe has read what they wanted: `| head -1`.
    failed = error.code !== "EPIPE";
    if (failed) tell(problemOf(error));
    for (const listener of listeners) listener();
  });
  // There is nobody left to be told; the exit code still says it.
  stderr.on("error", () => undefined);
  return { onLost: (listener) => void listeners.push(listener), failed: () => failed };
}

function problemOf({ code = "", message }: NodeJS.ErrnoException): Problem {
  return {
    code: "CLI_OUTPUT",
    severity: "error",
    message: `stdout cannot be written: ${REASONS[code] ?? message}${code && ` (${code})`}`,
    hint: "Make room where stdout goes, or send it elsewhere.",
  };
}
