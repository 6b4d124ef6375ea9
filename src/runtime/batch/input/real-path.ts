/** Where does a path really lead, links followed, and is that inside a folder? */

import { realpathSync } from "node:fs";

/** `undefined` where it leads nowhere, or may not be followed. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

/** @param real without links. @param folders without links, too */
export function isInside(real: string, folders: readonly string[]): boolean {
  return folders.some((folder) => real === folder || real.startsWith(withSlash(folder)));
}

function withSlash(folder: string): string {
  return folder.endsWith("/") ? folder : `${folder}/`;
}
