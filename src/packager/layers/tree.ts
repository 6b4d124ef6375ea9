/** Which files are in a folder of the build machine? Sorted, sized, and none that leads elsewhere. */

import { lstat, readdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { userError } from "../../core/problem.ts";
import type { FileEntry } from "../entry.ts";

/**
 * Every file below `folder`, placed below `target` in the image.
 *
 * @param skip  told the path of each file and folder; what it takes stays behind with all below it
 */
export async function treeEntries(
  folder: string,
  target: string,
  skip: (path: string) => boolean = () => false,
): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = [];
  const names = (await readdir(folder, { recursive: true })).toSorted();
  const skipped: string[] = [];
  for (const name of names) {
    const file = join(folder, name);
    if (skipped.some((path) => file.startsWith(path + sep))) continue;
    if (skip(file)) {
      skipped.push(file);
      continue;
    }
    const stats = await lstat(file);
    if (stats.isDirectory()) continue;
    if (!stats.isFile()) {
      throw userError("BUILD_INPUT", `${file} is a link or a device; an image takes files only.`, {
        hint: "Put the file itself in the place of the link.",
      });
    }
    entries.push(fileEntry(`${target}/${name.split("\\").join("/")}`, file, stats.size));
  }
  return entries;
}

export function fileEntry(path: string, file: string, size: number): FileEntry {
  return { kind: "file", path, mode: 0o644, content: { file, size } };
}
