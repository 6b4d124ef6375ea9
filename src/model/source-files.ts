/** Which plain files make up a model that a user names: one file, or all of a folder? */

import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";

export type SourceFile = {
  readonly path: string;
  /** Relative to the model's folder. */
  readonly inside: string;
};

/**
 * The files, or a sentence that says why these are none. A link inside a folder is followed where it
 * leads to a file of the same folder: a model is whole on its own.
 */
export async function filesOf(path: string): Promise<readonly SourceFile[] | string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return `${path} does not exist`;
  if (found.isFile()) return [{ path, inside: basename(path) }];
  if (!found.isDirectory()) return `${path} is neither a file nor a folder`;
  const root = await realpath(path);
  const files: SourceFile[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) continue;
    const fault = await faultOf(from, root);
    if (fault !== undefined) return fault;
    files.push({ path: from, inside: relative(root, from) });
  }
  return files.length > 0 ? files : `${path} is an empty folder`;
}

async function faultOf(path: string, root: string): Promise<string | undefined> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) return `${path} is a link that leads nowhere`;
  if (!target.startsWith(root + sep))
    return `${path} is a link that leads out of the folder, to ${target}`;
  return (await stat(target)).isFile() ? undefined : `${path} is no plain file`;
}
