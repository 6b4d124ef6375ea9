/** Which npm packages does the runtime bring along? Those that the package's own build bundled. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { entriesKey } from "../entry.ts";
import type { LayerSource } from "./layer-source.ts";
import { MODULES_FOLDER } from "./places.ts";
import { treeEntries } from "./tree.ts";

export async function vendorLayer(packageRoot: string): Promise<LayerSource> {
  const folder = join(packageRoot, "dist", "vendor");
  const names = (await readdir(folder)).toSorted();
  const entries = await treeEntries(folder, MODULES_FOLDER);
  return {
    name: `vendor (${names.join(", ")})`,
    group: "runtime",
    key: await entriesKey(entries),
    entries: () => Promise.resolve(entries),
  };
}
