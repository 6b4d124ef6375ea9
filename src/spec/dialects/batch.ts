/** Batch settings: nested, flat, old and new → one `settings` block, with `compute` and the node count. */

import type { Entry, MapNode } from "../text/tree.ts";
import { draftOf, emptyDraft, ignored, oldSpelling } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";
import { showKey } from "../text/suggest.ts";
import { respell } from "../rewriting/scalars.ts";

/** May stand on the deployment itself. @source azureml-contract 5.2, 5.8 */
const FLAT_KEYS = [
  "mini_batch_size",
  "max_concurrency_per_instance",
  "error_threshold",
  "retry_settings",
  "output_action",
  "output_file_name",
  "logging_level",
  "partitioning_scheme",
  "output_configuration",
];

export function canonicalBatch(deployment: Draft, report: Report): void {
  liftCompute(deployment, report);
  moveNodeCount(deployment, report);
  const settings = gather(deployment, report);
  if (settings === undefined) return;
  dissolve(settings, "partitioning_scheme", report);
  dissolve(settings, "output_configuration", report);
  settings.rename("append_row_file_name", "output_file_name");
  const keys = settings.take("partitioning_keys");
  if (keys !== undefined) report(ignored(keys, "is not used: mini-batches are cut by number"));
  retry(settings, report);
  respell(settings, "output_action", {
    current: ["append_row", "summary_only"],
    old: new Map([
      ["appendrow", "append_row"],
      ["summaryonly", "summary_only"],
    ]),
    report,
  });
  respell(settings, "logging_level", { current: ["warning", "info", "debug"], report });
  const node = settings.finish();
  deployment.put({ key: "settings", at: node.at, node });
}

/** All settings of the deployment in one draft; an entry keeps the place where it was written. */
function gather(deployment: Draft, report: Report): Draft | undefined {
  deployment.rename("batch_settings", "settings");
  const block = deployment.get("settings");
  if (block !== undefined && block.node.kind !== "map") return undefined;
  deployment.take("settings");
  const flat = FLAT_KEYS.map((key) => deployment.take(key)).filter((entry) => entry !== undefined);
  const at = block?.at ?? flat[0]?.at;
  if (at === undefined) return undefined;
  const inner: MapNode | undefined = block?.node.kind === "map" ? block.node : undefined;
  const settings = inner === undefined ? emptyDraft(at, report) : draftOf({ ...inner, at }, report);
  for (const entry of flat) settings.put(entry);
  return settings;
}

/** The keys of a block move one level up; one that nobody knows is found there by the shape stage. */
function dissolve(settings: Draft, block: string, report: Report): void {
  const entry = settings.get(block);
  if (entry?.node.kind !== "map") return;
  settings.take(block);
  const keys = entry.node.entries.map(({ key }) => showKey(key));
  report({
    ...oldSpelling(entry.at, block, "settings"),
    message: `\`${block}\` is an old block, its keys stand directly under \`settings\``,
    hint:
      keys.length === 0
        ? "Remove it."
        : `Write ${keys.join(", ")} one level up, without \`${block}:\`.`,
  });
  for (const inner of entry.node.entries) settings.put(inner);
}

function retry(settings: Draft, report: Report): void {
  const block = settings.get("retry_settings");
  if (block?.node.kind !== "map") return;
  const draft = draftOf(block.node, report);
  draft.rename("maximum_retries", "max_retries");
  draft.rename("timeout_in_seconds", "timeout");
  settings.replace("retry_settings", draft.finish());
}

/** `compute: {target, node_count}` → `compute: text` and a count. */
function liftCompute(deployment: Draft, report: Report): void {
  const compute = deployment.get("compute");
  if (compute?.node.kind !== "map") return;
  deployment.take("compute");
  for (const entry of compute.node.entries) {
    report(oldSpelling(entry.at, `compute.${entry.key}`, targetOf(entry)));
    deployment.put({ ...entry, key: targetOf(entry) });
  }
}

function targetOf(entry: Entry): string {
  if (entry.key === "target") return "compute";
  return entry.key === "node_count" ? "instance_count" : entry.key;
}

/** `instance_count` on the deployment → `resources.instance_count`. */
function moveNodeCount(deployment: Draft, report: Report): void {
  const count = deployment.take("instance_count");
  if (count === undefined) return;
  const resources = deployment.get("resources");
  if (resources === undefined) {
    const draft = emptyDraft(count.at, report);
    draft.put(count);
    deployment.put({ key: "resources", at: count.at, node: draft.finish() });
  } else if (resources.node.kind === "map") {
    const draft = draftOf(resources.node, report);
    draft.put(count);
    deployment.replace("resources", draft.finish());
  }
}
