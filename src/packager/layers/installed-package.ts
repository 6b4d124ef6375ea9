/** Where is an npm package that edgewright depends on? Beside it or above it, as Node looks. */

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export type InstalledPackage = { readonly folder: string; readonly version: string };

export async function installedPackage(
  packageRoot: string,
  name: string,
): Promise<InstalledPackage> {
  for (let from = packageRoot; ; from = dirname(from)) {
    const folder = join(from, "node_modules", name);
    const version = await packageVersion(folder);
    if (version !== undefined) return { folder, version };
    if (from === dirname(from)) throw new Error(`${name} is not installed at ${packageRoot}`);
  }
}

/** `undefined` where the folder is no package. */
export async function packageVersion(folder: string): Promise<string | undefined> {
  let text;
  try {
    text = await readFile(join(folder, "package.json"), "utf8");
  } catch {
    return undefined;
  }
  return (JSON.parse(text) as { version: string }).version;
}
