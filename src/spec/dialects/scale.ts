/** `scale`, `scale_settings`, `instance_count`: how many instances, in every spelling. */

import type { Entry } from "../text/tree.ts";
import { dropAzureOnly } from "./azure-only.ts";
import { draftOf, oldSpelling } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";
import { respell } from "../rewriting/scalars.ts";

/** The count ends beside the block, as today; `node_count` of a batch deployment is its old name. */
export function canonicalScale(deployment: Draft, report: Report): void {
  deployment.rename("scale", "scale_settings");
  const block = deployment.get("scale_settings");
  if (block?.node.kind !== "map") return;
  const draft = draftOf(block.node, report);
  draft.rename("scale_type", "type");
  draft.rename("minimum", "min_instances");
  draft.rename("maximum", "max_instances");
  respell(draft, "type", {
    current: ["default", "target_utilization"],
    old: new Map([
      ["manual", "default"],
      ["automatic", "target_utilization"],
    ]),
    report,
  });
  dropAzureOnly(draft, "scale", report);
  for (const key of ["instance_count", "node_count"]) lift(deployment, draft.take(key), report);
  deployment.take("scale_settings");
  if (draft.entries().length > 0) deployment.put({ ...block, node: draft.finish() });
}

function lift(deployment: Draft, count: Entry | undefined, report: Report): void {
  if (count === undefined) return;
  report(oldSpelling(count.at, `scale_settings.${count.key}`, "instance_count"));
  deployment.put({ ...count, key: "instance_count" });
}
