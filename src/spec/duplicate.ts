/** How is a second deployment of the same name told, in every form of the spec? */

import type { Problem } from "../core/problem.ts";
import type { Entry } from "./tree.ts";

export function duplicateDeployment(entry: Pick<Entry, "key" | "at">): Problem {
  return {
    code: "SPEC_DUPLICATE_KEY",
    severity: "error",
    message: `deployment \`${entry.key}\` appears a second time, names must differ in more than case`,
    at: entry.at,
    hint: "Rename one of the two.",
  };
}
