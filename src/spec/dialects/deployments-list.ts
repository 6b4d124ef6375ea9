/** `deployments` as a list (`- name: blue`) → as a mapping; the name's value is the key. */

import type { Entry, ListNode, MapNode, Node } from "../text/tree.ts";
import { draftOf } from "../rewriting/draft.ts";
import type { Report } from "../rewriting/draft.ts";

/** @source azureml-contract 2.3, era C */
export function deploymentsFromList(list: ListNode, report: Report): MapNode {
  const entries = list.items
    .map((item) => deploymentOf(item, report))
    .filter((entry) => entry !== undefined);
  return { kind: "map", at: list.at, entries };
}

function deploymentOf(item: Node, report: Report): Entry | undefined {
  if (item.kind !== "map") {
    report({
      code: "SPEC_WRONG_TYPE",
      severity: "error",
      message: "an item of `deployments` is no mapping, must be one with a `name`",
      at: item.at,
      hint: "Write `- name: blue`, and the deployment's settings below it.",
    });
    return undefined;
  }
  const draft = draftOf(item, report);
  const name = draft.take("name");
  if (name === undefined || name.node.kind !== "scalar" || name.node.text === "") {
    report({
      code: name === undefined ? "SPEC_MISSING_KEY" : "SPEC_WRONG_TYPE",
      severity: "error",
      message: "a deployment has no name, must have one",
      at: name?.node.at ?? item.at,
      hint: "Write `name: blue`, for example.",
    });
    return undefined;
  }
  return { key: name.node.text, at: name.node.at, node: draft.finish() };
}
