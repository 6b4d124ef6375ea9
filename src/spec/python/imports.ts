/** Which modules of other people do the import lines of a script, and of its own modules, name? */

import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isStandardModule } from "./modules.ts";
import { isProvidedModule } from "./packages.ts";

/** Those at the beginning of a line: what is imported further in may be optional. */
const IMPORT = /^(?:import[ \t]+([^\n#;]+)|from[ \t]+([\w.]+)[ \t]+import\b)/gm;

/** What the types of parameters that scripts import from the host need themselves. */
const IMPLIED: readonly (readonly [RegExp, string])[] = [
  [/\.numpy_parameter_type\b/, "numpy"],
  [/\.pandas_parameter_type\b/, "pandas"],
];

/** Top-level names, sorted. `folders`: where the script's own modules lie. */
export async function importsOf(
  script: string,
  folders: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const seen = new Set<string>([script]);
  for (const path of seen) {
    const text = await readFile(path, "utf8").catch(() => "");
    for (const name of importedNames(text)) {
      const [top = ""] = name.split(".");
      const own = await ownModule(name, [...folders, dirname(path)]);
      for (const file of own) seen.add(file);
      const [, implied] = IMPLIED.find(([pattern]) => pattern.test(name)) ?? [];
      if (implied !== undefined) found.add(implied);
      if (own.length === 0 && !isStandardModule(top) && !isProvidedModule(top)) found.add(top);
    }
  }
  return [...found].toSorted((a, b) => (a < b ? -1 : 1));
}

function importedNames(text: string): readonly string[] {
  return [...text.matchAll(IMPORT)]
    .flatMap(([, plain, from]) =>
      from === undefined
        ? (plain ?? "").split(",").map((part) => part.trim().split(/\s/)[0] ?? "")
        : [from],
    )
    .filter((name) => /^[A-Za-z_][\w.]*$/.test(name));
}

/** The files that a dotted name may mean in the script's own folders. */
async function ownModule(name: string, folders: readonly string[]): Promise<readonly string[]> {
  const parts = name.split(".");
  const [top = ""] = parts;
  for (const folder of folders) {
    const found: string[] = [];
    parts.forEach((_part, index) => {
      const path = join(folder, ...parts.slice(0, index + 1));
      found.push(`${path}.py`, join(path, "__init__.py"));
    });
    const there: string[] = [];
    for (const file of found) if (await isFile(file)) there.push(file);
    const isFolder = (await stat(join(folder, top)).catch(() => undefined))?.isDirectory() === true;
    if (there.length > 0) return [...new Set(there)];
    if (isFolder) return [join(folder, top, "__init__.py")];
  }
  return [];
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
