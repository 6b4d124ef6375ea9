/** Do the scoring scripts compile? Asked of a Python of this machine; where none is, nothing is said. */

import { spawn } from "node:child_process";
import { relative } from "node:path";
import { text } from "node:stream/consumers";

import type { Problem } from "../../core/problem.ts";
import type { ResolvedEndpoint } from "../../spec/resolved.ts";
import type { Invocation } from "../command.ts";
import { interpretersHere } from "./python.ts";

/** Compiles and writes nothing, no cache either; prints the fault, or null. */
const COMPILE = `
import json, platform, sys
try:
    with open(sys.argv[1], "rb") as file:
        compile(file.read(), sys.argv[1], "exec", dont_inherit=True)
    fault = None
except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
    line, col = getattr(error, "lineno", 1), getattr(error, "offset", 1)
    fault = {"line": line or 1, "col": max(col or 1, 1), "reason": getattr(error, "msg", str(error)),
             "version": platform.python_version()}
except OSError:
    fault = None
json.dump(fault, sys.stdout)
`;

/** A script of minutes to compile is none. */
const TIMEOUT_MS = 20_000;

type Fault = {
  readonly line: number;
  readonly col: number;
  readonly reason: string;
  readonly version: string;
};

/**
 * An error for each script that no Python compiles, at its place in the script.
 *
 * @param where `pythons`: paths of interpreters; those that this machine has otherwise
 */
export async function scriptSyntax(
  { deployments }: ResolvedEndpoint,
  where: { readonly cwd: string } & (
    { readonly env: Invocation["env"] } | { readonly pythons: readonly string[] }
  ),
): Promise<readonly Problem[]> {
  const scripts = deployments.flatMap(({ script }) => (script === undefined ? [] : [script.path]));
  if (scripts.length === 0) return [];
  const pythons = "pythons" in where ? where.pythons : await interpretersHere(where.env);
  const problems: Problem[] = [];
  for (const script of new Set(scripts.filter((path) => path.endsWith(".py")))) {
    const fault = await faultOf(script, pythons);
    if (fault === undefined) continue;
    const { line, col, reason, version } = fault;
    problems.push({
      code: "SCRIPT_SYNTAX",
      severity: "error",
      message: `Python ${version} cannot compile the script: ${reason}`,
      at: { file: relative(where.cwd, script), line, col, path: "" },
      hint: "Correct the script.",
    });
  }
  return problems;
}

/** What is new in one Python another may not know: one that takes the script is enough. */
async function faultOf(script: string, pythons: readonly string[]): Promise<Fault | undefined> {
  let fault: Fault | undefined;
  for (const python of pythons) {
    const said = await compile(python, script);
    if (said === null) return undefined;
    fault ??= said;
  }
  return fault;
}

/** `null`: it compiles; `undefined`: this is no Python that can say so. */
async function compile(python: string, script: string): Promise<Fault | null | undefined> {
  const child = spawn(python, ["-I", "-S", "-B", "-W", "ignore", "-c", COMPILE, script], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const failed = new Promise<string>((resolve) => child.once("error", () => resolve("")));
  const printed = await Promise.race([text(child.stdout), failed]);
  return printed === "" ? undefined : (JSON.parse(printed) as Fault | null);
}
