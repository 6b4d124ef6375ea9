/** `model` and `environment`: old references and old inline fields → the current ones. */

import { parseAsset, renderAsset } from "../asset.ts";
import type { AssetKind } from "../asset.ts";
import { textNode } from "../text/tree.ts";
import type { Node } from "../text/tree.ts";
import { dropAzureOnly } from "./azure-only.ts";
import { draftOf, ignored, oldSpelling } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";
import { readAsText } from "../rewriting/scalars.ts";

/** @source azureml-contract 2.3, 2.4 */
export function canonicalModel(node: Node, report: Report): Node {
  if (node.kind === "scalar") return canonicalReference(node, "model", report);
  if (node.kind !== "map") return node;
  const draft = draftOf(node, report);
  dropAzureOnly(draft, "asset", report);
  draft.rename("local_path", "path");
  draft.rename("asset_path", "path");
  readAsText(draft, ["name", "version"]);
  return draft.finish();
}

/** @source azureml-contract 2.3, 2.5 */
export function canonicalEnvironment(node: Node, report: Report): Node {
  if (node.kind === "scalar") return canonicalReference(node, "environment", report);
  if (node.kind !== "map") return node;
  const draft = draftOf(node, report);
  dropAzureOnly(draft, "asset", report);
  readAsText(draft, ["name", "version"]);
  liftDockerImage(draft, report);
  stripFilePrefix(draft, report);
  for (const key of ["build", "inference_config", "path"]) {
    const entry = draft.take(key);
    if (entry !== undefined)
      report(ignored(entry, "is not used: the module has a base of its own"));
  }
  return draft.finish();
}

function canonicalReference(node: Node, kind: AssetKind, report: Report): Node {
  if (node.kind !== "scalar" || typeof node.value !== "string") return node;
  const old = /^aml:|^azureml:(?!\/).*\//.test(node.text);
  const asset = old ? parseAsset(node.text, kind) : undefined;
  if (asset === undefined) return node;
  const now = renderAsset(asset);
  report(oldSpelling(node.at, node.text, now));
  return textNode(now, node.at);
}

/** `docker: {image}` → `image`; a build of one's own stays behind with the other unused fields. */
function liftDockerImage(draft: Draft, report: Report): void {
  const docker = draft.get("docker");
  if (docker?.node.kind !== "map") return;
  draft.take("docker");
  for (const entry of docker.node.entries) {
    if (entry.key === "image") report(oldSpelling(entry.at, "docker.image", "image"));
    draft.put(entry);
  }
}

function stripFilePrefix(draft: Draft, report: Report): void {
  const file = draft.get("conda_file");
  if (file?.node.kind !== "scalar" || !file.node.text.startsWith("file:")) return;
  const path = file.node.text.slice("file:".length);
  report(oldSpelling(file.node.at, file.node.text, path));
  draft.replace("conda_file", textNode(path, file.node.at));
}
