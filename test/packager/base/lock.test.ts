import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { UserError } from "../../../src/core/problem.ts";
import { printLock, readLock } from "../../../src/packager/base/lock.ts";
import type { Lock } from "../../../src/packager/base/lock.ts";
import { tempFolder } from "../support/temp-folder.ts";

const debs = [{ name: "libc6", version: "2.36-9", sha256: "0".repeat(64) }];
const lock: Lock = {
  format: 1,
  edgewright: "0.1.0",
  onnxruntime: "1.30.0",
  base: {
    kind: "assembled",
    suite: "bookworm",
    packages: { "linux/amd64": debs, "linux/arm64": debs },
    node: { version: "24.1.0", integrity: { "linux/amd64": "sha512-AAAA" } },
  },
};

suite("readLock", () => {
  test("reads what was printed", async (t) => {
    const path = join(await tempFolder(t), "image.lock.json");
    await writeFile(path, printLock(lock));
    assert.deepEqual(await readLock(path), lock);
  });

  test("no file is no lock", async (t) => {
    assert.equal(await readLock(join(await tempFolder(t), "image.lock.json")), undefined);
  });

  for (const [what, text, message] of [
    ["half a file", printLock(lock).slice(0, 100), /is not JSON/u],
    ["another format", printLock(lock).replace('"format": 1', '"format": 2'), /wrong at "format"/u],
    ["a digest of the wrong length", printLock(lock).replace("0".repeat(64), "00"), /sha256/u],
    ["a package's name that is a path", printLock(lock).replace("libc6", "../x"), /0\.name/u],
    ["a package's name that is a flag", printLock(lock).replace("libc6", "-oX"), /0\.name/u],
    ["a package's version with a slash", printLock(lock).replace("2.36", "2/36"), /0\.version/u],
    ["a Node without a patch", printLock(lock).replace("24.1.0", "24.1"), /node\.version/u],
    ["a release that is a path", printLock(lock).replace("bookworm", "../x"), /base\.suite/u],
    ["a key that is unknown", printLock(lock).replace('"kind"', '"kin"'), /wrong at "base/u],
  ] as const) {
    test(`${what} is refused with the place`, async (t) => {
      const path = join(await tempFolder(t), "image.lock.json");
      await writeFile(path, text);
      await assert.rejects(
        readLock(path),
        (error) =>
          error instanceof UserError &&
          error.problems[0]?.code === "BUILD_LOCK" &&
          message.test(error.message),
      );
    });
  }
});

suite("printLock", () => {
  test("the order in which platforms were added does not show", () => {
    const other = structuredClone(lock);
    assert.ok(other.base.kind === "assembled");
    other.base.packages = { "linux/arm64": debs, "linux/amd64": debs };
    assert.equal(printLock(other), printLock(lock));
  });
});
