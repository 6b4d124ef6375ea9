/** A file that is there whole or not at all. */

import { renameSync, writeFileSync } from "node:fs";

export function writeWhole(path: string, text: string, mode = 0o644): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
