import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { UserError } from "../../../src/core/problem.ts";
import { lockedBase } from "../../../src/packager/base/locked-base.ts";
import type { LockedBase, ToolVersions } from "../../../src/packager/base/locked-base.ts";
import { createBlobStore } from "../../../src/packager/blob-store.ts";
import { fakePrograms, world } from "../support/fake-programs.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Build = (versions: ToolVersions, frozen?: boolean) => Promise<LockedBase>;

async function bench(t: TestContext): Promise<{ build: Build; path: string }> {
  const folder = await tempFolder(t);
  const path = join(folder, "image.lock.json");
  const build: Build = (versions, frozen = false) =>
    lockedBase(path, versions, {
      platforms: ["linux/amd64"],
      frozen,
      store: createBlobStore(join(folder, "blobs")),
      run: fakePrograms(world()).run,
      folder,
      progress: () => {},
    });
  return { build, path };
}

const VERSIONS = { edgewright: "0.1.0", onnxruntime: "1.30.0" };

suite("lockedBase", () => {
  test("a lock that holds is not written again", async (t) => {
    const { build, path } = await bench(t);
    const first = await build(VERSIONS);
    assert.ok(first.newText !== undefined);
    await writeFile(path, first.newText);
    const second = await build(VERSIONS, true);
    assert.equal(second.newText, undefined);
    assert.deepEqual(second.lock, first.lock);
    assert.equal(second.title, "Debian bookworm, Node 24.10.0");
  });

  test("another version of a tool is a warning and a new lock, frozen an error", async (t) => {
    const { build, path } = await bench(t);
    await writeFile(path, (await build(VERSIONS)).newText ?? "");
    const newer = { ...VERSIONS, onnxruntime: "1.31.0" };
    await assert.rejects(
      build(newer, true),
      (error) => error instanceof UserError && /onnxruntime 1\.30\.0/u.test(error.message),
    );
    const renewed = await build(newer);
    assert.equal(renewed.lock.onnxruntime, "1.31.0");
    assert.equal(renewed.problems[0]?.severity, "warning");
    assert.ok(renewed.newText?.includes("1.31.0"));
  });

  for (const [what, pattern, named] of [
    [
      "Node",
      /sha512-[\w+/]{8}/u,
      /Node 24\.10\.0 for linux\/amd64 is sha512-AAAAAAAA.* is sha512-/u,
    ],
    [
      "a package",
      /"sha256": "[0-9a-f]{8}/u,
      /is sha256:00000000[0-9a-f]+ in image\.lock\.json, and/u,
    ],
  ] as const) {
    test(`a digest of ${what} that is contradicted for the same version is an error`, async (t) => {
      const { build, path } = await bench(t);
      const { newText = "" } = await build(VERSIONS);
      const tampered = newText.replace(pattern, (found) =>
        found.startsWith("sha512") ? "sha512-AAAAAAAA" : '"sha256": "00000000',
      );
      assert.notEqual(tampered, newText);
      await writeFile(path, tampered);
      await assert.rejects(
        build(VERSIONS),
        (error) =>
          error instanceof UserError &&
          error.problems[0]?.code === "BUILD_LOCK_CHANGED" &&
          named.test(error.message),
      );
    });
  }
});
