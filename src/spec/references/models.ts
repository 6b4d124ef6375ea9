/** Which file or folder is a deployment's model? */

import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { latestVersion } from "../../core/asset.ts";
import type { Place, Problem } from "../../core/problem.ts";
import { looksLikeAsset, parseAsset, renderAsset } from "../asset.ts";
import type { AssetReference } from "../asset.ts";
import type { DeploymentSpec } from "../endpoint.ts";
import type { ResolvedModel } from "../resolved.ts";
import { show } from "../text/suggest.ts";
import { folderOf, lookedAt, referenceProblem } from "./lookup.ts";
import type { LookupContext } from "./lookup.ts";
import { searchFolders } from "./roots.ts";

export type ModelQuestion = {
  readonly deployment: string;
  readonly model: NonNullable<DeploymentSpec["model"]>;
  /** A script opens its model itself: any file or folder will do. */
  readonly hasScript: boolean;
  /** Of the reference, or of the inline path. */
  readonly at: Place;
};

export async function resolveModel(
  question: ModelQuestion,
  context: LookupContext,
): Promise<ResolvedModel | Problem> {
  const { model } = question;
  if (typeof model === "string") return byReference(model, question, context);
  const path = resolve(folderOf(question.at, context), model.path);
  if (looksLikeAsset(model.path) || !(await exists(path))) {
    return referenceProblem(
      `model path ${show(model.path)} is nowhere: ${lookedAt([path])}`,
      question.at,
      "Put the model there, or correct the path; it is relative to the file that says it.",
    );
  }
  const { name = question.deployment, version = "1" } = model;
  return servable({ name, version, path }, question);
}

async function byReference(
  text: string,
  question: ModelQuestion,
  context: LookupContext,
): Promise<ResolvedModel | Problem> {
  const asset = parseAsset(text, "model");
  if (asset === undefined) {
    return referenceProblem(
      `${show(text)} is not a model reference, must be azureml:name:version`,
      question.at,
      looksLikeAsset(text)
        ? "Write azureml:, a name of letters, digits, . _ and hyphens, a colon and a version."
        : `Write \`model: {path: ${text}}\` if it is a path.`,
    );
  }
  const folders = searchFolders(folderOf(question.at, context), context.cwd);
  const roots = [...folders, context.modelStore].map((folder) =>
    join(folder, "models", asset.name),
  );
  for (const root of roots) {
    const version = await versionIn(root, asset);
    if (version === undefined) continue;
    const path = join(root, version);
    return servable({ name: asset.name, version, path }, question);
  }
  const version = typeof asset.version === "string" ? asset.version : "*";
  return referenceProblem(
    `model ${renderAsset(asset)} is nowhere: ${lookedAt(roots.map((root) => join(root, version)))}`,
    question.at,
    `Put the model into one of these folders, or run \`edgewright model add ${asset.name}:${version === "*" ? "1" : version} PATH\`.`,
  );
}

async function versionIn(root: string, asset: AssetReference): Promise<string | undefined> {
  const { version } = asset;
  if (typeof version === "string") return (await exists(join(root, version))) ? version : undefined;
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith("."));
  return latestVersion(folders.map((entry) => entry.name));
}

/** A folder that holds one ONNX file stands for it; without a script nothing else can be served. */
async function servable(
  model: ResolvedModel,
  question: ModelQuestion,
): Promise<ResolvedModel | Problem> {
  const found = await stat(model.path);
  if (found.isFile()) return model;
  if (!found.isDirectory()) return irregular(model.path, question);
  const names = await readdir(model.path).catch(() => []);
  const onnx = names.filter((name) => name.toLowerCase().endsWith(".onnx"));
  const [only] = onnx;
  // Of a registered model a script sees the version's folder, of another the one it lies in.
  const isRegistered = typeof question.model === "string";
  const seen = question.hasScript && isRegistered ? { ...model, directory: model.path } : model;
  if (only !== undefined && onnx.length === 1) {
    const path = join(model.path, only);
    const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
    return isFile ? { ...seen, path } : irregular(path, question);
  }
  if (question.hasScript) return seen;
  return referenceProblem(
    `${model.path} holds ${onnx.length === 0 ? "no" : onnx.length} ONNX files, must hold one where no scoring script is given`,
    question.at,
    "Keep one .onnx file in the folder, or name the file itself with `model: {path: …}`.",
  );
}

/** Reading a pipe or a device may never end. */
function irregular(path: string, { at }: ModelQuestion): Problem {
  return referenceProblem(
    `${path} is no regular file, must be an ONNX file or a folder that holds one`,
    at,
    "Name the model's file with `model: {path: …}`, or put it there.",
  );
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
