/** Which form of the language are these documents in, and which of them is the endpoint? */

import type { Place, Problem, Read } from "../../core/problem.ts";
import { entryOf } from "../text/tree.ts";
import type { MapNode, Node } from "../text/tree.ts";

/** Forms a and b: one document holds the endpoint and its deployments. */
export function theEndpoint(documents: readonly Node[]): Read<MapNode> {
  const [first, second] = documents;
  if (first === undefined) throw new Error("a spec without problems holds a document");
  for (const document of documents) {
    if (document.kind !== "map") return refuse(noMapping(document.at));
  }
  const deployment = documents.map((node) => entryOf(node, "endpoint_name")).find(Boolean);
  if (deployment !== undefined) {
    return refuse(
      notReadYet("a deployment in a document of its own (`endpoint_name`)", deployment.at),
    );
  }
  if (second !== undefined) return refuse(notReadYet("a second document", second.at));
  if (first.kind !== "map") return refuse(noMapping(first.at));
  return { ok: true, value: first, problems: [] };
}

function refuse(problem: Problem): { readonly ok: false; readonly problems: readonly Problem[] } {
  return { ok: false, problems: [problem] };
}

function noMapping(at: Place): Problem {
  return {
    code: "SPEC_WRONG_TYPE",
    severity: "error",
    message: "the document is no mapping, must be an endpoint",
    at,
    hint: "Write at least a name and one deployment.",
  };
}

function notReadYet(what: string, at: Place): Problem {
  return {
    code: "SPEC_FORM",
    severity: "error",
    message: `${what} is a form of the spec that is not read yet, must be one endpoint with its \`deployments\``,
    at,
    hint: "Put the deployments into the endpoint's document, under `deployments:`.",
  };
}
