/** `sku`, `resource_requirements`, `resources`: what an instance may use, in every spelling. */

import { unknownKeys } from "../text/suggest.ts";
import { textNode } from "../text/tree.ts";
import type { Entry, Node } from "../text/tree.ts";
import { draftOf, emptyDraft, ignored, oldSpelling } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";

type Target = { readonly side: "requests" | "limits"; readonly key: "cpu" | "memory" };

/** @source azureml-contract 2.3 */
const REQUIREMENTS: Readonly<Record<string, Target>> = {
  cpu: { side: "requests", key: "cpu" },
  memory: { side: "requests", key: "memory" },
  memory_in_gb: { side: "requests", key: "memory" },
  cpu_cores_limit: { side: "limits", key: "cpu" },
  memory_in_gb_limit: { side: "limits", key: "memory" },
};

const GPU_KEYS = ["gpu", "nvidia.com/gpu"];
const NO_GPU = "means nothing here: models run on CPUs";

export function canonicalResources(deployment: Draft, report: Report): void {
  deployment.rename("sku", "instance_type");
  const old = deployment.get("resource_requirements");
  if (old?.node.kind === "map") {
    deployment.take("resource_requirements");
    report(oldSpelling(old.at, "resource_requirements", "resources"));
    deployment.put({ ...old, key: "resources", node: fromRequirements(old.node, report) });
  } else {
    deployment.rename("resource_requirements", "resources");
  }
  dropGpus(deployment, report);
}

function fromRequirements(node: Node & { readonly kind: "map" }, report: Report): Node {
  const old = draftOf(node, report);
  for (const key of GPU_KEYS) {
    const gpu = old.take(key);
    if (gpu !== undefined) report(ignored(gpu, NO_GPU));
  }
  const sides = { requests: emptyDraft(node.at, report), limits: emptyDraft(node.at, report) };
  for (const [was, target] of Object.entries(REQUIREMENTS)) {
    const entry = old.take(was);
    if (entry === undefined) continue;
    const value = target.key === "memory" ? inGib(entry) : entry.node;
    sides[target.side].put({ ...entry, key: target.key, node: value });
  }
  for (const problem of unknownKeys(old.entries(), Object.keys(REQUIREMENTS))) report(problem);
  const resources = emptyDraft(node.at, report);
  for (const side of ["requests", "limits"] as const) {
    const entries = sides[side].entries();
    const [first] = entries;
    if (first === undefined) continue;
    resources.put({ key: side, at: first.at, node: sides[side].finish() });
  }
  return resources.finish();
}

/** A bare number is GiB here; a text brings its unit. */
function inGib(entry: Entry): Node {
  const { node } = entry;
  if (node.kind !== "scalar" || !/^[\d.]+$/.test(node.text)) return node;
  return textNode(`${node.text}Gi`, node.at);
}

function dropGpus(deployment: Draft, report: Report): void {
  const resources = deployment.get("resources");
  if (resources?.node.kind !== "map") return;
  const draft = draftOf(resources.node, report);
  for (const side of ["requests", "limits"]) {
    const block = draft.get(side)?.node;
    if (block?.kind !== "map") continue;
    const inner = draftOf(block, report);
    for (const key of GPU_KEYS) {
      const gpu = inner.take(key);
      if (gpu !== undefined) report(ignored(gpu, NO_GPU));
    }
    draft.replace(side, inner.finish());
  }
  deployment.replace("resources", draft.finish());
}
