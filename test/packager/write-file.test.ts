import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";

import { writeFileFrom } from "../../src/packager/write-file.ts";
import { tempFolder } from "./support/temp-folder.ts";

suite("writeFileFrom", () => {
  test("writes what comes", async (t) => {
    const path = join(await tempFolder(t), "a");
    await writeFileFrom(path, [Buffer.from("hel"), Buffer.from("lo")]);
    assert.equal(await readFile(path, "utf8"), "hello");
  });

  test("a full disk names the file", { skip: !existsSync("/dev/full") && "no /dev/full" }, () =>
    assert.rejects(writeFileFrom("/dev/full", [Buffer.from("x")]), {
      code: "ENOSPC",
      path: "/dev/full",
    }),
  );

  test("what the source failed with is none of the file's", async (t) => {
    const broken = new Error("cable");
    const bytes = (async function* () {
      yield Buffer.from("half");
      throw broken;
    })();
    await assert.rejects(writeFileFrom(join(await tempFolder(t), "a"), bytes), (error) => {
      return error === broken && !("path" in broken);
    });
  });
});
