/** A folder of its own for one test, with files in it, gone when the test ends. */

import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

export function tempFolder(
  test: TestContext,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "edgewright-test-")));
  // A process that was killed may write for a moment still.
  test.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Something that is neither a file nor a folder. */
export async function socketAt(test: TestContext, path: string): Promise<void> {
  const server = createServer().listen(path);
  test.after(() => server.close());
  await once(server, "listening");
}
