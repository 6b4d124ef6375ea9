/** What the runtime cannot serve yet: refused before anything starts or is built. */

import type { Problem } from "../core/problem.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";

export function servable({ kind, deployments }: ResolvedEndpoint): readonly Problem[] {
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
  return deployments
    .filter((deployment) => deployment.script !== undefined)
    .map(({ name }) => ({
      code: "CLI_UNSUPPORTED",
      severity: "error",
      message: `deployment '${name}' has a scoring script, and scripts are not served yet`,
      hint: "take code_configuration out: an ONNX model without a script is served directly",
    }));
}
