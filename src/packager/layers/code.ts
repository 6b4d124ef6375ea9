/** Which files of a code folder come along with a scoring script? Sources, not what tools left there. */

import { basename } from "node:path";
import { entriesKey } from "../entry.ts";
import type { LayerSource } from "./layer-source.ts";
import { treeEntries } from "./tree.ts";

export type PlacedCode = {
  readonly deployment: string;
  /** Folder of the build machine. */
  readonly source: string;
  /** Its place, relative to the image's root. */
  readonly target: string;
  /** Folders of models, which have layers of their own. */
  readonly without: readonly string[];
};

/** Caches, environments, version control, and what an earlier build wrote beside the spec. */
const LEFT_BEHIND =
  /^(?:__pycache__|\.git|\.hg|\.svn|\.venv|venv|node_modules|\.mypy_cache|\.pytest_cache|\.ipynb_checkpoints|image\.lock\.json|.*\.(?:pyc|tar|deployment\.json|build\.json))$/u;

export async function codeLayer(code: PlacedCode): Promise<LayerSource> {
  const { deployment, source, target, without } = code;
  const entries = await treeEntries(
    source,
    target,
    (path) => LEFT_BEHIND.test(basename(path)) || without.includes(path),
  );
  return {
    name: `code ${deployment}`,
    group: "endpoint",
    key: await entriesKey(entries),
    entries: () => Promise.resolve(entries),
  };
}
