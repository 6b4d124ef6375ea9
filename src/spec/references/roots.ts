/** In which folders is a reference of a spec looked up? */

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * The spec's own folder and its parents, nearest first, up to the working directory or the root of
 * the git repository. Where neither lies above the spec, only its own folder: a `models` folder
 * somewhere up the disk is nobody's intention.
 */
export function searchFolders(specFolder: string, cwd: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = resolve(specFolder); ; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === resolve(cwd) || existsSync(join(folder, ".git"))) return folders;
    if (dirname(folder) === folder) return folders.slice(0, 1);
  }
}
