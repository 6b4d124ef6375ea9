/** The version of this package, from its own package.json. */

import { readFileSync } from "node:fs";

/** The folder of the package: from `dist/src/cli/` three levels up. */
export const PACKAGE_ROOT = new URL("../../../", import.meta.url);

export const VERSION = (
  JSON.parse(readFileSync(new URL("package.json", PACKAGE_ROOT), "utf8")) as { version: string }
).version;
