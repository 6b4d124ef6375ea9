/** One deployment in any spelling → its canonical form. */

import { show, showKey } from "../text/suggest.ts";
import type { Entry } from "../text/tree.ts";
import { dropAzureOnly } from "./azure-only.ts";
import { canonicalBatch } from "./batch.ts";
import { canonicalCode } from "./code.ts";
import { draftOf, ignored } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";
import { canonicalEnvironment, canonicalModel } from "./reference.ts";
import { canonicalResources } from "./resources.ts";
import { readMapAsText } from "../rewriting/scalars.ts";
import { canonicalScale } from "./scale.ts";

export function canonicalDeployment(
  deployment: Entry,
  kind: "online" | "batch",
  report: Report,
): Entry {
  if (deployment.node.kind !== "map") return deployment;
  const draft = draftOf(deployment.node, report);
  dropAzureOnly(draft, "deployment", report);
  dropOwnName(draft, deployment, report);
  const model = draft.get("model");
  if (model !== undefined) draft.replace("model", canonicalModel(model.node, report));
  const environment = draft.get("environment");
  if (environment !== undefined) {
    draft.replace("environment", canonicalEnvironment(environment.node, report));
  }
  readMapAsText(draft, "environment_variables");
  draft.rename("request", "request_settings");
  canonicalCode(draft, report);
  canonicalScale(draft, report);
  canonicalResources(draft, report);
  if (kind === "batch") canonicalBatch(draft, report);
  else dropCompute(draft, report);
  return { ...deployment, node: draft.finish() };
}

/** In the form with a mapping the key is the name; a `name` that agrees is harmless. */
function dropOwnName(draft: Draft, deployment: Entry, report: Report): void {
  const name = draft.take("name");
  if (name === undefined) return;
  const text = name.node.kind === "scalar" ? name.node.text : "";
  if (text.toLowerCase() === deployment.key.toLowerCase()) return;
  report({
    code: "SPEC_CONFLICT",
    severity: "error",
    message: `deployment ${showKey(deployment.key)} calls itself ${show(text)}, must have one name`,
    at: name.node.at,
    hint: "Remove the name: the key is the name.",
  });
}

function dropCompute(draft: Draft, report: Report): void {
  const compute = draft.take("compute");
  if (compute !== undefined) report(ignored(compute, "means nothing on a device"));
}
