/** Where the repository and what stands beside it are, seen from a compiled test. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const REPOSITORY = fileURLToPath(new URL("../../../..", import.meta.url));

const SHARED = fileURLToPath(new URL("../../../../../shared", import.meta.url));

/** Path of a shared file, or why a test has to be skipped. */
export function shared(path: string): { path: string; skip: string | false } {
  const whole = `${SHARED}/${path}`;
  return { path: whole, skip: existsSync(whole) ? false : `../shared/${path} is not here` };
}
