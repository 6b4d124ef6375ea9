/** The command line, as a user would call it. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs a command from the root of the repository; gives its JSON, or throws with its problems. */
export function edgewright<T>(...args: readonly string[]): T {
  const child = spawnSync(process.execPath, ["bin/edgewright.js", ...args, "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const answer = JSON.parse(child.stdout) as {
    problems: readonly { severity: string; code: string; message: string; hint?: string }[];
  } & T;
  for (const { severity, code, message, hint } of answer.problems) {
    console.log(`${severity} ${code}  ${message}${hint === undefined ? "" : `\n  hint: ${hint}`}`);
  }
  if (child.status !== 0)
    throw new Error(`edgewright ${args[0]} ended with exit code ${child.status}`);
  return answer;
}
