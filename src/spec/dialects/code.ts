/** `code_reference` and `code_configuration`: where the scoring script lies, in every spelling. */

import { basename, dirname } from "node:path/posix";
import { unknownKeys } from "../text/suggest.ts";
import { textNode } from "../text/tree.ts";
import type { Entry, Node } from "../text/tree.ts";
import { draftOf, oldSpelling } from "../rewriting/draft.ts";
import type { Draft, Report } from "../rewriting/draft.ts";

const FOLDER_KEYS = ["directory", "local_path"] as const;

/** @source azureml-contract 2.3 */
export function canonicalCode(deployment: Draft, report: Report): void {
  deployment.rename("code_reference", "code_configuration");
  const block = deployment.get("code_configuration");
  if (block?.node.kind !== "map") return;
  const draft = draftOf(block.node, report);
  draft.rename("directory", "code");
  const code = draft.get("code");
  if (code?.node.kind === "map") {
    draft.take("code");
    flattenCode(draft, code, report);
  }
  deployment.replace("code_configuration", draft.finish());
}

/** `code: {directory | local_path | file, scoring_script}` → `code: text` beside `scoring_script`. */
function flattenCode(block: Draft, code: Entry, report: Report): void {
  if (code.node.kind !== "map") return;
  const inner = draftOf(code.node, report);
  const script = inner.take("scoring_script");
  if (script !== undefined) {
    report(oldSpelling(script.at, "code.scoring_script", "scoring_script"));
    block.put(script);
  }
  const folder = FOLDER_KEYS.map((key) => inner.take(key)).find((entry) => entry !== undefined);
  if (folder !== undefined) {
    report(oldSpelling(folder.at, `code.${folder.key}`, "code"));
    block.put({ ...folder, key: "code" });
  }
  const file = inner.take("file");
  if (file !== undefined) putFile(block, file, report);
  for (const problem of unknownKeys(inner.entries(), [...FOLDER_KEYS, "file", "scoring_script"])) {
    report(problem);
  }
}

/** The file's folder is the code folder; the file is the script where no other is named. */
function putFile(block: Draft, file: Entry, report: Report): void {
  report(oldSpelling(file.at, "code.file", "code"));
  block.put({ ...file, key: "code", node: mapText(file.node, dirname) });
  if (block.has("scoring_script")) return;
  block.put({ ...file, key: "scoring_script", node: mapText(file.node, basename) });
}

function mapText(node: Node, change: (text: string) => string): Node {
  return node.kind === "scalar" ? textNode(change(node.text), node.at) : node;
}
