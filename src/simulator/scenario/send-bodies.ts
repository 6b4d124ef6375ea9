/** What a send step sends: its one body, or the lines of its file. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { UserError, userError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import type { PlacedStep } from "./check.ts";
import type { Step } from "./schema.ts";

export type Send = Extract<Step, { verb: "send" }>["value"];

/** @param folder that files are relative to. One at least; @throws UserError SIM_MESSAGE */
export function bodiesOf({ file, body }: Send, folder: string): readonly Uint8Array[] {
  if (file === undefined) return [Buffer.from(JSON.stringify(body ?? null))];
  let text: string;
  try {
    text = readFileSync(resolve(folder, file), "utf8");
  } catch (error) {
    throw fileFault(`${file} cannot be read: ${(error as Error).message}`);
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) throw fileFault(`${file} holds no line, must hold one body a line`);
  return lines.map((line) => Buffer.from(line));
}

function fileFault(message: string): UserError {
  const hint = "Name a file with one body a line; it is looked for beside the scenario.";
  return userError("SIM_MESSAGE", message, { hint });
}

/** Files that no send could read, told before a module starts. */
export function checkFiles(steps: readonly PlacedStep[], folder: string): readonly Problem[] {
  return steps.flatMap(({ step, at }) => {
    if (step.verb !== "send") return [];
    try {
      bodiesOf(step.value, folder);
      return [];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return error.problems.map((problem) => ({ ...problem, at }));
    }
  });
}
