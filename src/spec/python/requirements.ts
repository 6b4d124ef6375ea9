/** Which packages do a conda file and the pip files that it names ask for? */

import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import type { Place, Problem, Read } from "../../core/problem.ts";
import { parseSpecText } from "../text/source.ts";
import { readSpecText } from "../text/file.ts";
import { entryOf } from "../text/tree.ts";
import type { Node } from "../text/tree.ts";
import { isProvidedPackage, normalPipName } from "./packages.ts";

/** Names as pip spells them, normalised, sorted; without those that the host provides. */
export async function readCondaFile(file: string, cwd: string): Promise<Read<readonly string[]>> {
  const inside = relative(cwd, file);
  const shown = inside.startsWith("..") ? file : inside;
  const text = await readSpecText(shown, cwd);
  if (!text.ok) return text;
  const documents = parseSpecText(text.value, shown);
  if (!documents.ok) return documents;
  const problems: Problem[] = [];
  const names = new Set<string>();
  const dependencies = entryOf(documents.value[0], "dependencies")?.node;
  for (const item of dependencies?.kind === "list" ? dependencies.items : []) {
    const pip = entryOf(item, "pip")?.node;
    const lines = pip?.kind === "list" ? pip.items : [];
    const found = item.kind === "scalar" ? [condaName(item.text)] : [];
    for (const line of lines) found.push(...(await pipNames(line, dirname(file), problems)));
    for (const name of found) if (name !== "" && !isProvidedPackage(name)) names.add(name);
  }
  const value = [...names].toSorted((a, b) => (a < b ? -1 : 1));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value, problems: [] };
}

/** `conda-forge::numpy>=1.20=py310` → `numpy` */
function condaName(text: string): string {
  const [, name = ""] = /^(?:[^:]*::)?\s*([A-Za-z0-9._-]+)/.exec(text.trim()) ?? [];
  return normalPipName(name);
}

async function pipNames(
  node: Node,
  folder: string,
  problems: Problem[],
): Promise<readonly string[]> {
  if (node.kind !== "scalar") return [];
  const file = /^(?:-r|--requirement)[ =]?\s*(.+)$/.exec(node.text.trim())?.[1];
  if (file === undefined) return pipName(node.text);
  const path = resolve(folder, file);
  try {
    const text = await readFile(path, "utf8");
    return text.split("\n").flatMap(pipName);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    problems.push(unreadable(`requirements file ${path} cannot be read (${reason})`, node.at));
    return [];
  }
}

/** `numpy[extra]>=1.2; python_version > "3"  # why` → `numpy`; options and addresses have no name. */
function pipName(text: string): readonly string[] {
  const line = text.replace(/(^|\s)#.*$/, "").trim();
  const [, name] = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[|[=<>!~;@,]|$)/.exec(line) ?? [];
  return name === undefined ? [] : [normalPipName(name)];
}

function unreadable(message: string, at: Place): Problem {
  const hint = "Put the file there, or write its packages into the conda file.";
  return { code: "SPEC_REFERENCE", severity: "error", message, at, hint };
}
