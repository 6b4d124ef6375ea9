/** Can the device check the credentials that the endpoint asks for? */

import type { Rule } from "../rule.ts";

/** A batch endpoint has no front that strangers reach: there any mode of Azure's is fine. */
export const authIsOffline: Rule = (spec, places) =>
  spec.auth_mode !== "aad_token" || spec.type === "batch"
    ? []
    : [
        {
          code: "SPEC_WRONG_VALUE",
          severity: "error",
          message:
            "`auth_mode` is aad_token, which needs Entra ID to answer: a device that is offline can check key or aml_token",
          at: places.value(["auth_mode"]),
          hint: "Write `auth_mode: aml_token`, and make tokens with `edgewright token`.",
        },
      ];
