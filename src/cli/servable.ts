/** What the runtime cannot serve yet: refused before anything starts or is built. */

import type { Problem } from "../core/problem.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";

export function servable({ kind }: ResolvedEndpoint): readonly Problem[] {
  if (kind === "batch") {
    return [
      {
        code: "CLI_UNSUPPORTED",
        severity: "error",
        message: "this is a batch endpoint, and batch endpoints are not served yet",
        hint: "write type: online to score requests with the same model",
      },
    ];
  }
  return [];
}
