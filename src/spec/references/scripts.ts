/** Which file is a deployment's scoring script? */

import { stat } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Place, Problem } from "../../core/problem.ts";
import { looksLikeAsset } from "../asset.ts";
import type { DeploymentSpec } from "../endpoint.ts";
import { importsOf } from "../python/imports.ts";
import type { ResolvedScript } from "../resolved.ts";
import { show } from "../text/suggest.ts";
import { folderOf, lookedAt, referenceProblem } from "./lookup.ts";
import type { LookupContext } from "./lookup.ts";

export type ScriptPlaces = { readonly code: Place; readonly script: Place };

/** First under the code folder, then beside the spec: the seed documents write it both ways. */
export async function resolveScript(
  code: NonNullable<DeploymentSpec["code_configuration"]>,
  at: ScriptPlaces,
  context: LookupContext,
): Promise<ResolvedScript | Problem> {
  if (code.code !== undefined && looksLikeAsset(code.code)) {
    return referenceProblem(
      `${show(code.code)} is a code asset of a workspace, must be a folder here`,
      at.code,
      "Download the code, and write the path of its folder.",
    );
  }
  const beside = folderOf(at.script, context);
  const directory =
    code.code === undefined ? beside : resolve(folderOf(at.code, context), code.code);
  const places = [resolve(directory, code.scoring_script), resolve(beside, code.scoring_script)];
  const looked = [...new Set(places)];
  const fault = placeFault(code.scoring_script, { looked, folders: [directory, beside] });
  if (fault !== undefined) {
    return { code: "SPEC_WRONG_VALUE", severity: "error", at: at.script, ...fault };
  }
  for (const path of looked) {
    if ((await stat(path).catch(() => undefined))?.isFile() !== true) continue;
    const imports = await importsOf(path, [dirname(path), directory]);
    return { directory, path, ...(imports.length > 0 && { imports }) };
  }
  return {
    code: "SPEC_SCRIPT_MISSING",
    severity: "error",
    message: `scoring script ${show(code.scoring_script)} is nowhere: ${lookedAt(looked)}`,
    at: at.script,
    hint: "Put the script there, or correct its path; it is relative to the code folder.",
  };
}

/** An image has the code folder and what lies beside the spec, and Python knows a module by its name. */
function placeFault(
  script: string,
  { looked, folders }: { readonly looked: readonly string[]; readonly folders: readonly string[] },
): Pick<Problem, "message" | "hint"> | undefined {
  const isInside = (path: string): boolean => folders.some((folder) => contains(folder, path));
  if (!looked.every(isInside)) {
    return {
      message: `scoring script ${show(script)} leads out of ${folders[0]}, must lie inside`,
      hint: "Put the script into the code folder, and write its path relative to that.",
    };
  }
  if (/\.pyc?$/.test(script)) return undefined;
  return {
    message: `scoring script ${show(script)} is no Python module, must be a file that ends in .py`,
    hint: "Name the Python file that holds init() and run().",
  };
}

function contains(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== "" && inside.split(sep)[0] !== ".." && !isAbsolute(inside);
}
