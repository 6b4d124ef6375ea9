/** What is not served: refused before anything starts or is built. */

import type { Problem } from "../core/problem.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";

export function servable({ kind }: ResolvedEndpoint): readonly Problem[] {
  if (kind === "batch") {
    return [
      {
        code: "CLI_UNSUPPORTED",
        severity: "error",
        message: "this is a batch endpoint, and images and servers are of online endpoints so far",
        hint: "Run its jobs with `edgewright batch SPEC --input PATH --output DIR`, or write type: online.",
      },
    ];
  }
  return [];
}
