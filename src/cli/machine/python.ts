/** Which Python on this machine runs a scoring script? The first that has every package it names. */

import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { text } from "node:stream/consumers";

import { userError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { packageOfPip } from "../../spec/python/packages.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";

/** Where Debian's package, and so an image, has it; packages from apt are seen by this one alone. */
const SYSTEM = "/usr/bin/python3";

export type Interpreter = { readonly path: string; readonly version: string };

type Checked = Interpreter & {
  /** Of what import lines name. */
  readonly modules: readonly string[];
  /** Of what only the environment names. */
  readonly packages: readonly string[];
};

/** Prints a version and what cannot be found; nothing is imported for that, which may take seconds. */
const LOOK = `
import importlib.metadata as metadata, importlib.util as util, json, platform, sys
wanted = json.load(sys.stdin)
def there(find, name):
    try:
        return find(name) is not None
    except Exception:
        return False
modules = [name for name in wanted["modules"] if not there(util.find_spec, name)]
packages = [pip for pip, module in wanted["packages"]
            if not there(metadata.distribution, pip) and not there(util.find_spec, module)]
json.dump({"version": platform.python_version(), "modules": modules, "packages": packages}, sys.stdout)
`;

/** What `--python` names: a path from the current folder, or a name on the PATH. */
export function askedPython(python: unknown, cwd: string): string | undefined {
  if (typeof python !== "string") return undefined;
  // A script's process starts in another folder.
  return python.includes("/") && !isAbsolute(python) ? join(cwd, python) : python;
}

/**
 * The interpreter of every deployment with a script, and warnings.
 *
 * @param asked a path that the user gave: no other one is looked at
 * @throws UserError SCRIPT_PYTHON
 */
export async function interpretersOf(
  { deployments }: ResolvedEndpoint,
  { asked, env }: { readonly asked: string | undefined; readonly env: NodeJS.ProcessEnv },
): Promise<{
  readonly byDeployment: ReadonlyMap<string, Interpreter>;
  readonly problems: readonly Problem[];
}> {
  const candidates = asked === undefined ? await interpretersHere(env) : [asked];
  const byDeployment = new Map<string, Interpreter>();
  const problems: Problem[] = [];
  for (const deployment of deployments) {
    if (deployment.script === undefined) continue;
    const chosen = await choose(deployment, candidates);
    byDeployment.set(deployment.name, chosen);
    if (chosen.packages.length > 0) problems.push(missingPackages(deployment.name, chosen));
  }
  return { byDeployment, problems };
}

/** Paths of those that could run a script, the likeliest first. */
export async function interpretersHere({
  PATH = "",
}: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const onPath = PATH.split(delimiter).map((folder) => join(folder, "python3"));
  const there: string[] = [];
  for (const path of [SYSTEM, ...onPath]) {
    if (there.includes(path)) continue;
    if ((await stat(path).catch(() => undefined))?.isFile() === true) there.push(path);
  }
  // The first on the path is what the user means by `python3`.
  const first = there.find((path) => path !== SYSTEM);
  return there.filter((path) => path === SYSTEM || path === first);
}

async function choose(
  deployment: ResolvedDeployment,
  candidates: readonly string[],
): Promise<Checked> {
  const refused: string[] = [];
  let second: Checked | undefined;
  for (const path of candidates) {
    const checked = await look(path, deployment);
    if (typeof checked === "string") refused.push(`${path} ${checked}`);
    else if (checked.modules.length > 0)
      refused.push(`${path} (${checked.version}) has no ${checked.modules.join(", ")}`);
    else if (checked.packages.length === 0) return checked;
    else second ??= checked;
  }
  if (second !== undefined) return second;
  const looked = refused.length === 0 ? "none is at /usr/bin or on the PATH" : refused.join("; ");
  throw userError(
    "SCRIPT_PYTHON",
    `no Python can run the script of deployment '${deployment.name}': ${looked}`,
    { hint: "Install the packages, or name another interpreter with --python." },
  );
}

/** Or words that say why it is none. */
async function look(
  path: string,
  { script, environment }: ResolvedDeployment,
): Promise<Checked | string> {
  const packages = (environment?.requirements ?? []).map((pip) => [
    pip,
    packageOfPip(pip)?.module ?? pip.replaceAll("-", "_"),
  ]);
  const child = spawn(path, ["-c", LOOK], { stdio: ["pipe", "pipe", "ignore"] });
  const failed = new Promise<string>((resolve) => {
    child.once("error", ({ message }) => resolve(`cannot be started: ${message}`));
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify({ modules: script?.imports ?? [], packages }));
  const printed = await Promise.race([text(child.stdout), failed]);
  if (!printed.startsWith("{")) return printed === "" ? "is no Python of 3.8 or newer" : printed;
  return { path, ...(JSON.parse(printed) as Omit<Checked, "path">) };
}

function missingPackages(deployment: string, { path, packages }: Checked): Problem {
  return {
    code: "SCRIPT_PYTHON",
    severity: "warning",
    message: `${path} has no ${packages.join(", ")}, which the environment of '${deployment}' names and its script does not import at once`,
    hint: "Install the packages, or name another interpreter with --python.",
  };
}
