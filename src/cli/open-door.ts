/** Until the runtime checks credentials, nothing that should be closed may be served open by accident. */

import type { Problem } from "../core/problem.ts";
import type { AuthMode } from "../spec/resolved.ts";
import type { Option } from "./command.ts";

export const INSECURE_OPTION = {
  "insecure-no-auth": {
    type: "boolean",
    summary: "serve without credentials although the spec's auth_mode asks for them",
  },
} as const satisfies Record<string, Option>;

/** @param what is about to be open, e.g. `the image` */
export function openDoor(
  authMode: AuthMode,
  what: string,
  options: Readonly<Record<string, unknown>>,
): readonly Problem[] {
  if (authMode === "none" || options["insecure-no-auth"] === true) return [];
  return [
    {
      code: "CLI_UNSUPPORTED",
      severity: "error",
      message: `auth_mode is ${authMode}, and credentials are not checked yet: ${what} would be open to everybody`,
      hint: "write auth_mode: none, or give --insecure-no-auth if nobody else can reach it",
    },
  ];
}

/** Whether only this machine can reach an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
