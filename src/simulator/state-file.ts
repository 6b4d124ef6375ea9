/** A file of the device's state, as an earlier run has written it: what is no such file is told by name. */

import { readFileSync } from "node:fs";

import type { z } from "zod";

import { userError } from "../core/problem.ts";
import type { UserError } from "../core/problem.ts";

/** `undefined` where there is none. @throws UserError SIM_STATE */
export function readState<T>(path: string, schema: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw stateFault(path, `cannot be read: ${code ?? message}`);
  }
  const parsed = schema.safeParse(parsedJson(path, text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw stateFault(path, `is damaged at '${issue?.path.join(".") ?? ""}'`);
}

function parsedJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw stateFault(path, `is damaged: ${(error as Error).message}`);
  }
}

/** @param fault what is wrong with the file, to stand behind its path */
export function stateFault(path: string, fault: string): UserError {
  return userError("SIM_STATE", `${path} ${fault}`, {
    hint: "Put a copy of it back, or remove it: the device goes on without what it held.",
  });
}
