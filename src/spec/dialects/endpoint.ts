/** An endpoint in any spelling of the one-file forms → the canonical form that all later stages read. */

import { showKey } from "../text/suggest.ts";
import { entryOf, textNode } from "../text/tree.ts";
import type { Entry, MapNode } from "../text/tree.ts";
import { dropAzureOnly } from "./azure-only.ts";
import { canonicalDeployment } from "./deployment.ts";
import { deploymentsFromList } from "./deployments-list.ts";
import { draftOf, oldSpelling } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";
import { readMapAsText, respell, textAt } from "../rewriting/scalars.ts";

export function canonicalEndpoint(root: MapNode, report: Report): MapNode {
  const draft = draftOf(root, report);
  draft.take("$schema");
  dropAzureOnly(draft, "endpoint", report);
  respell(draft, "type", {
    current: ["online", "batch"],
    old: new Map([
      ["onlineendpoint", "online"],
      ["batchendpoint", "batch"],
    ]),
    report,
  });
  respell(draft, "auth_mode", {
    current: ["key", "aml_token", "aad_token", "none"],
    old: new Map([
      ["amltoken", "aml_token"],
      ["aadtoken", "aad_token"],
    ]),
    report,
  });
  readMapAsText(draft, "tags");
  readEdgeTexts(draft, report);
  const kind = textAt(draft.finish(), "type") === "batch" ? "batch" : "online";
  canonicalDeployments(draft, kind, report);
  if (kind === "batch") defaultFromTraffic(draft, report);
  return draft.finish();
}

function canonicalDeployments(draft: Draft, kind: "online" | "batch", report: Report): void {
  const block = draft.get("deployments")?.node;
  if (block === undefined || block.kind === "scalar") return;
  const map = block.kind === "list" ? deploymentsFromList(block, report) : block;
  refuseSecondOnes(map, report);
  const entries = map.entries.map((entry) => canonicalDeployment(entry, kind, report));
  draft.replace("deployments", { ...map, entries });
}

/** Names compare without case; a list may also hold the very same name twice. */
function refuseSecondOnes(deployments: MapNode, report: Report): void {
  const seen = new Set<string>();
  for (const { key, at } of deployments.entries) {
    if (seen.has(key.toLowerCase())) {
      report({
        code: "SPEC_DUPLICATE_KEY",
        severity: "error",
        message: `deployment ${showKey(key)} appears a second time, names must differ in more than case`,
        at,
        hint: "Rename one of the two.",
      });
    }
    seen.add(key.toLowerCase());
  }
}

function readEdgeTexts(draft: Draft, report: Report): void {
  const edge = draft.get("edge")?.node;
  if (edge?.kind !== "map") return;
  const inner = draftOf(edge, report);
  readMapAsText(inner, "env");
  draft.replace("edge", inner.finish());
}

/** A batch endpoint splits no traffic: 100 names its default. @source azureml-contract 5.8 */
function defaultFromTraffic(draft: Draft, report: Report): void {
  const traffic = draft.get("traffic");
  if (traffic?.node.kind !== "map") return;
  draft.take("traffic");
  const chosen = traffic.node.entries.filter((entry) => shareOf(entry) !== 0);
  const [first, ...others] = chosen;
  if (first === undefined) return;
  if (others.length > 0 || shareOf(first) !== 100) {
    report({
      code: "SPEC_TRAFFIC_SUM",
      severity: "error",
      message: "traffic of a batch endpoint is split, must be 100 for one deployment",
      at: traffic.at,
      hint: "Give 100 to the deployment that jobs run by default.",
    });
    return;
  }
  report(oldSpelling(traffic.at, "traffic", "defaults.deployment_name"));
  const name: Entry = { key: "deployment_name", at: first.at, node: textNode(first.key, first.at) };
  const asked = entryOf(draft.get("defaults")?.node, "deployment_name")?.node;
  if (asked?.kind === "scalar" && asked.text.toLowerCase() === first.key.toLowerCase()) return;
  draft.put({
    key: "defaults",
    at: traffic.at,
    node: { kind: "map", at: traffic.at, entries: [name] },
  });
}

function shareOf(entry: Entry): unknown {
  return entry.node.kind === "scalar" ? entry.node.value : undefined;
}
