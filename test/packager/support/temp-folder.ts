/** A folder that is gone when the test is over. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "edgewright-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
