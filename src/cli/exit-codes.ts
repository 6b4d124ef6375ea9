/** What the exit code of a command says. */

import { EXIT_CODES } from "../runtime/batch/report/verdict.ts";

/** `stopped` is what a shell says of a program that Ctrl-C ended. */
export const EXIT = { fine: 0, input: 1, usage: 2, bug: 70, stopped: 130 } as const;

/** For the documents. */
export function renderExitCodes(): string {
  const { fine, input, usage, bug, stopped } = EXIT;
  const { threshold, nothing, stopped: again } = EXIT_CODES;
  return [
    `Exit codes: ${fine} fine, ${input} the input has errors or a step of a scenario failed, ${usage} wrong usage, ${bug} a defect of edgewright, ${stopped} stopped by a signal before it was done.`,
    `\`run\`, and \`simulate\` without a scenario, go on until a signal (SIGINT, SIGTERM, SIGHUP) and end with ${fine} then.`,
    `\`batch\` has three more: ${threshold} more files failed than may, ${nothing} not one succeeded, ${again} stopped: start it again.`,
  ].join(" ");
}
