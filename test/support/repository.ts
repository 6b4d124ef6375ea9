/** Where things are, seen from a compiled test. */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository: three levels up from `dist/test/support/`. */
export const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

export const FIXTURE_MODELS = `${REPOSITORY}test/fixtures/models/`;

/** Real material beside the project; tests that need it skip where it is absent. */
export const SHARED = fileURLToPath(new URL("../../../../shared/", import.meta.url));

/** The reason to skip, or false. */
export const withoutShared: string | false = existsSync(`${SHARED}models`)
  ? false
  : "../shared, with the models this test needs, is not here";
