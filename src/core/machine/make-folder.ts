/** A folder with all above it. Node's own never comes back from a place like /proc, where nothing can be made. */

import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The outermost folder that was made, if one was. @throws the error of the system where it cannot be made */
export function makeFolder(path: string, mode = 0o777): string | undefined {
  if (isFolder(path)) return undefined;
  const above = dirname(resolve(path));
  const first = isFolder(above) ? undefined : makeFolder(above, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else was faster, or it is a file.
    if (!isFolder(path)) throw error;
  }
  return first ?? path;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
