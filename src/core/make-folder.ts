/** A folder with all above it. Node's own never comes back from a place like /proc, where nothing can be made. */

import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** @param path absolute. @throws the error of the system where it cannot be made */
export function makeFolder(path: string, mode = 0o777): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else was faster, or it is a file.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
