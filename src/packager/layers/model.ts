/** Which files is a model, and what is its digest? As the user gave them, in one layer. */

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { userError } from "../../core/problem.ts";
import { contentSha256, entriesKey } from "../entry.ts";
import type { FileEntry } from "../entry.ts";
import type { LayerSource } from "../layer-source.ts";
import { fileEntry, treeEntries } from "./tree.ts";

export type PlacedModel = {
  readonly name: string;
  readonly version: string;
  /** File or folder of the build machine. */
  readonly source: string;
  /** Its place, relative to the image's root. */
  readonly target: string;
};

/** `sha256` of a file is the file's own; of a folder a digest over names and contents. */
export type ModelLayer = LayerSource & {
  /** `name:version` */
  readonly model: string;
  readonly sha256: string;
};

export async function modelLayer(model: PlacedModel): Promise<ModelLayer> {
  const entries = await modelEntries(model);
  return {
    name: `model ${model.name}:${model.version}`,
    model: `${model.name}:${model.version}`,
    group: "model",
    key: await entriesKey(entries),
    entries: () => Promise.resolve(entries),
    sha256: await modelSha256(model, entries),
  };
}

async function modelEntries({ source, target }: PlacedModel): Promise<readonly FileEntry[]> {
  let stats;
  try {
    stats = await stat(source);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    throw userError("BUILD_INPUT", `The model ${source} cannot be read (${reason}).`, {
      hint: "Check that the file is there and that you may read it.",
    });
  }
  if (stats.isFile()) return [fileEntry(target, source, stats.size)];
  const entries = await treeEntries(source, target);
  if (entries.length > 0) return entries;
  throw userError("BUILD_INPUT", `The model folder ${source} is empty.`, {
    hint: "Name a folder that holds the model's files.",
  });
}

async function modelSha256(
  { target }: PlacedModel,
  entries: readonly FileEntry[],
): Promise<string> {
  const [first] = entries;
  if (first !== undefined && entries.length === 1 && first.path === target)
    return contentSha256(first.content);
  const hash = createHash("sha256");
  for (const entry of entries) {
    const name = posix.relative(target, entry.path);
    hash.update(`${await contentSha256(entry.content)}  ${name}\n`);
  }
  return hash.digest("hex");
}
