/** Which layers is a model? Its weights file by file, its graph above them; or one layer, as it was given. */

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { userError } from "../../core/problem.ts";
import type { ModelFile, ShippedModel } from "../../model/prepare/shipped.ts";
import { contentSha256, entriesKey } from "../entry.ts";
import type { FileEntry } from "../entry.ts";
import type { LayerSource } from "./layer-source.ts";
import { fileEntry, treeEntries } from "./tree.ts";

export type PlacedModel = {
  readonly name: string;
  readonly version: string;
  /** File or folder of the build machine. */
  readonly source: string;
  /** Its place, relative to the image's root. */
  readonly target: string;
  /** What goes into the image in the place of `source`. */
  readonly shipped?: ShippedModel;
};

export type ModelLayers = {
  /** `name:version` */
  readonly model: string;
  /** Of a file the file's own; of a folder a digest over names and contents. */
  readonly sha256: string;
  /** What changes with a model that is trained anew, bottom to top. */
  readonly body: readonly LayerSource[];
  /** What changes with its last layers alone, bottom to top; these lie above our runtime. */
  readonly head: readonly LayerSource[];
};

export async function modelLayers(model: PlacedModel): Promise<ModelLayers> {
  const { shipped } = model;
  const id = `${model.name}:${model.version}`;
  if (shipped === undefined) {
    const entries = await modelEntries(model);
    const body = [await layerOf(`model ${id}`, entries)];
    return { model: id, sha256: await modelSha256(model, entries), body, head: [] };
  }
  const { graph, weights, sha256 } = shipped;
  const entryOf = (file: ModelFile): FileEntry => placedFile(model, shipped, file);
  if (!shipped.prepared) {
    const body = [await layerOf(`model ${id}`, [graph, ...weights].map(entryOf))];
    return { model: id, sha256, body, head: [] };
  }
  const last = weights.at(-1);
  const body = weights
    .slice(0, -1)
    .map((file, index, { length }) =>
      layerOf(`weights ${index + 1} of ${length} of ${id}`, [entryOf(file)]),
    );
  const head = [
    ...(last === undefined ? [] : [layerOf(`last weights of ${id}`, [entryOf(last)])]),
    layerOf(`graph of ${id}`, [entryOf(graph)]),
  ];
  return { model: id, sha256, body: await Promise.all(body), head: await Promise.all(head) };
}

/** The graph is called as the user called it; everything else stands beside it, as the graph says. */
function placedFile(
  { target }: PlacedModel,
  { graph }: ShippedModel,
  { name, path, bytes, sha256 }: ModelFile,
): FileEntry {
  const place = path === graph.path ? target : `${posix.dirname(target)}/${name}`;
  return { kind: "file", path: place, mode: 0o644, content: { file: path, size: bytes, sha256 } };
}

async function layerOf(name: string, entries: readonly FileEntry[]): Promise<LayerSource> {
  return {
    name,
    group: "model",
    key: await entriesKey(entries),
    entries: () => Promise.resolve(entries),
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
