/**
 * Which models has the user put aside on this machine? The local model store behind
 * `azureml:name:version`: one folder per version, `<store>/models/<name>/<version>/`.
 */

import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isAssetName } from "../core/asset.ts";
import { userError } from "../core/problem.ts";
import type { UserError } from "../core/problem.ts";
import { filesOf } from "./source-files.ts";
import type { SourceFile } from "./source-files.ts";

export type ModelId = { readonly name: string; readonly version: string };

export type StoredModel = ModelId & {
  /** The folder of the version. */
  readonly path: string;
  readonly bytes: number;
};

/**
 * Copies a file, or what is in a folder, into the store. A version appears whole or not at all, and
 * never changes.
 *
 * @param model.path  absolute
 * @throws UserError MODEL_STORE
 */
export async function addModel(
  store: string,
  model: ModelId & { readonly path: string },
): Promise<StoredModel> {
  refuseIllegal(model);
  const target = folderOf(store, model);
  if (await exists(target)) throw taken(model);
  const files = await filesOf(model.path);
  if (typeof files === "string") {
    throw refusal(files, "Name an ONNX file, or a folder of plain files.");
  }
  let draft: string | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    draft = await mkdtemp(join(dirname(target), ".adding-"));
    const bytes = await copyAll(files, draft);
    await chmod(draft, 0o755);
    await rename(draft, target);
    const { name, version } = model;
    return { name, version, path: target, bytes };
  } catch (error) {
    // Somebody else was faster: a folder that is not empty is never renamed over.
    if (await exists(target)) throw taken(model);
    throw refusal(
      `${model.path} cannot be copied into the store: ${(error as Error).message}`,
      `Make room in ${store}, and make it writable.`,
    );
  } finally {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true });
  }
}

/** The bytes copied. */
async function copyAll(files: readonly SourceFile[], folder: string): Promise<number> {
  let bytes = 0;
  for (const { path, inside } of files) {
    const copy = join(folder, inside);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    await chmod(copy, 0o644);
    bytes += (await stat(copy)).size;
  }
  return bytes;
}

/** Sorted by name, then by version, numbers as numbers. */
export async function listModels(store: string): Promise<readonly StoredModel[]> {
  const models: StoredModel[] = [];
  for (const name of await folders(join(store, "models"))) {
    for (const version of await folders(join(store, "models", name))) {
      const found = await findModel(store, { name, version });
      if (found !== undefined) models.push(found);
    }
  }
  return models;
}

export async function findModel(store: string, model: ModelId): Promise<StoredModel | undefined> {
  const path = folderOf(store, model);
  if (!isLegal(model) || !(await exists(path))) return undefined;
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return { name: model.name, version: model.version, path, bytes };
}

/**
 * What is removed vanishes at once, by a rename, before its bytes are freed.
 *
 * @throws UserError MODEL_STORE
 */
export async function removeModel(store: string, model: ModelId): Promise<StoredModel> {
  const found = await findModel(store, model);
  if (found === undefined) {
    throw refusal(
      `model ${model.name}:${model.version} is not in the store ${store}`,
      "Run `edgewright model list` to see what there is.",
    );
  }
  const grave = await mkdtemp(join(dirname(found.path), ".removing-"));
  await rename(found.path, join(grave, basename(found.path)));
  await rm(grave, { recursive: true, force: true });
  // Fails, as it should, while another version is there.
  await rmdir(dirname(found.path)).catch(() => undefined);
  return found;
}

function folderOf(store: string, { name, version }: ModelId): string {
  return join(resolve(store), "models", name, version);
}

async function folders(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && isAssetName(entry.name))
    .map((entry) => entry.name)
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function isLegal({ name, version }: ModelId): boolean {
  return isAssetName(name) && isAssetName(version);
}

function refuseIllegal(model: ModelId): void {
  for (const part of ["name", "version"] as const) {
    if (isAssetName(model[part])) continue;
    throw refusal(
      `model ${part} ${JSON.stringify(model[part])} is not legal, must have letters, digits, . _ + and hyphens, a letter or digit first`,
      `Write ${part === "name" ? "my-model" : "1"}, for example.`,
    );
  }
}

function taken({ name, version }: ModelId): UserError {
  return refusal(
    `model ${name}:${version} is in the store already, a version never changes`,
    `Add it under another version, or run \`edgewright model remove ${name}:${version}\` first.`,
  );
}

function refusal(message: string, hint: string): UserError {
  return userError("MODEL_STORE", message, { hint });
}
