import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { makeFolder } from "../../../src/core/machine/make-folder.ts";
import { tempFolder } from "../../support/temp-folder.ts";

suite("a folder that is made", () => {
  test("comes with all above it, and says which is the first that is new", (context) => {
    const folder = tempFolder(context);
    assert.equal(makeFolder(join(folder, "a", "b", "c"), 0o700), join(folder, "a"));
    assert.equal(statSync(join(folder, "a", "b", "c")).mode & 0o777, 0o700);
    assert.equal(makeFolder(join(folder, "a", "b")), undefined);
    assert.equal(makeFolder(join(folder, "a", "b", "d")), join(folder, "a", "b", "d"));
  });

  test("where there can be none it fails, and does not try for ever", (context) => {
    assert.throws(() => makeFolder("/proc/x/y/z"), { code: "ENOENT" });
    const file = join(tempFolder(context), "file");
    writeFileSync(file, "");
    assert.throws(() => makeFolder(file), { code: "EEXIST" });
    assert.throws(() => makeFolder(join(file, "in")), { code: /EEXIST|ENOTDIR/ });
  });
});
