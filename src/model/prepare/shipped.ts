/** Which files are what is served and shipped of a model: the prepared copy, or the original? */

import { basename, dirname, relative, sep } from "node:path";
import { stat } from "node:fs/promises";

import { sha256OfFile } from "../file-digest.ts";
import { externalFilesOf } from "./external/external-files.ts";
import type { Preparation } from "./prepared-model.ts";

export type ModelFile = {
  readonly path: string;
  /** Relative to the graph's folder, as the graph says it. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
};

export type ShippedModel = {
  readonly prepared: boolean;
  readonly graph: ModelFile;
  /** Bottom to top: what changes most often is the last. */
  readonly weights: readonly ModelFile[];
  /** Of the file that the user named. */
  readonly sha256: string;
};

export function preparedFiles({ graph, weights }: Preparation, sha256: string): ShippedModel {
  return { prepared: true, graph, weights, sha256 };
}

/** @throws UserError where the data of a tensor lies outside of the model's folder */
export async function originalFiles(path: string): Promise<ShippedModel> {
  const graph = await fileOf(path, basename(path));
  const weights: ModelFile[] = [];
  for (const file of externalFilesOf(path))
    weights.push(await fileOf(file, relative(dirname(path), file).split(sep).join("/")));
  return { prepared: false, graph, weights, sha256: graph.sha256 };
}

async function fileOf(path: string, name: string): Promise<ModelFile> {
  const { size: bytes } = await stat(path);
  return { path, name, bytes, sha256: await sha256OfFile(path) };
}
