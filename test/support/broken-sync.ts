/** A disk that says no to `fdatasync`, until the test lets it work again. */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import type { TestContext } from "node:test";

export function breakSync(context: TestContext): { readonly repair: () => void } {
  const { mock } = context.mock.method(fs, "fdatasync", (_: number, done: (error: Error) => void) =>
    setImmediate(done, Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" })),
  );
  syncBuiltinESMExports();
  const repair = (): void => {
    mock.restore();
    syncBuiltinESMExports();
  };
  context.after(repair);
  return { repair };
}
