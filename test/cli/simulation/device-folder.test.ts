import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { deviceTag } from "../../../src/cli/simulation/device-folder.ts";
import { tempFolder } from "../../support/temp-folder.ts";

suite("tag of a device", () => {
  for (const name of [
    "state",
    "my state",
    ".state",
    "état",
    "-x",
    "___",
    "State",
    "x".repeat(90),
  ]) {
    test(`of a folder called '${name.slice(0, 20)}' can be a tag and begin a name`, (context) => {
      const folder = join(tempFolder(context), name);
      mkdirSync(folder);
      const tag = deviceTag(folder);
      assert.match(tag, /^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      assert.ok(tag.length <= 40, tag);
      assert.equal(deviceTag(folder), tag);
    });
  }

  test("is another for another folder of the same name", (context) => {
    const [x, y] = ["x", "y"].map((name) => join(tempFolder(context), name, "state"));
    for (const folder of [x, y]) mkdirSync(folder ?? "", { recursive: true });
    assert.notEqual(deviceTag(x ?? ""), deviceTag(y ?? ""));
  });
});
