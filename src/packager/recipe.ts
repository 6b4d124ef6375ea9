/** Which code makes the layers? A digest over it, so that no cached layer outlives a change of it. */

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

export async function recipeDigest(): Promise<string> {
  const folder = import.meta.dirname;
  const names = (await readdir(folder, { recursive: true })).filter((name) =>
    [".js", ".ts"].includes(extname(name)),
  );
  const hash = createHash("sha256");
  for (const name of names.toSorted())
    hash.update(`${name}\0`).update(await readFile(join(folder, name)));
  return hash.digest("hex");
}
