/** Can the device check the credentials that the endpoint asks for? */

import type { Rule } from "../rule.ts";

/** Azure's batch endpoints know no other mode than aad_token: there it stands for a key. */
export const authIsOffline: Rule = (spec, places) => {
  if (spec.auth_mode !== "aad_token") return [];
  const at = places.value(["auth_mode"]);
  if (spec.type === "batch") {
    return [
      {
        code: "SPEC_IGNORED",
        severity: "note",
        message:
          "`auth_mode` is aad_token, which needs Entra ID to answer: the module asks for a key instead",
        at,
        hint: "Write `auth_mode: key`, or `auth_mode: aml_token` for tokens that expire.",
      },
    ];
  }
  return [
    {
      code: "SPEC_WRONG_VALUE",
      severity: "error",
      message:
        "`auth_mode` is aad_token, which needs Entra ID to answer: a device that is offline can check key or aml_token",
      at,
      hint: "Write `auth_mode: aml_token`, and make tokens with `edgewright token`.",
    },
  ];
};
