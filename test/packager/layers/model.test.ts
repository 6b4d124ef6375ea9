import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { UserError } from "../../../src/core/problem.ts";
import { modelLayers } from "../../../src/packager/layers/model.ts";
import { tempFolder } from "../support/temp-folder.ts";

const placed = { name: "pump", version: "3", target: "var/models/pump/3/net" };

suite("modelLayers", () => {
  test("a file is packed as it is, and its digest is its own", async (t) => {
    const source = join(await tempFolder(t), "net");
    await writeFile(source, "weights");
    const layer = await modelLayers({ ...placed, source });
    assert.deepEqual(
      ((await layer.body[0]?.entries()) ?? []).map(({ path }) => path),
      ["var/models/pump/3/net"],
    );
    assert.equal(layer.sha256, createHash("sha256").update("weights").digest("hex"));
    assert.equal(layer.model, "pump:3");
  });

  test("a folder keeps its tree, and its digest covers names and contents", async (t) => {
    const source = await tempFolder(t);
    await mkdir(join(source, "sub"));
    await writeFile(join(source, "b.onnx"), "graph");
    await writeFile(join(source, "sub", "a.bin"), "weights");
    const before = await modelLayers({ ...placed, source });
    assert.deepEqual(
      ((await before.body[0]?.entries()) ?? []).map(({ path }) => path),
      ["var/models/pump/3/net/b.onnx", "var/models/pump/3/net/sub/a.bin"],
    );
    await writeFile(join(source, "sub", "a.bin"), "others!");
    const after = await modelLayers({ ...placed, source });
    assert.notEqual(before.sha256, after.sha256);
    assert.notEqual(before.body[0]?.key, after.body[0]?.key);
  });

  for (const [what, arrange, named] of [
    ["an absent model", async () => {}, /gone cannot be read \(ENOENT\)/u],
    ["an empty folder", (source: string) => mkdir(source), /gone is empty/u],
    [
      "a link in a folder",
      async (source: string) => {
        await mkdir(source);
        await symlink("/etc/passwd", join(source, "x"));
      },
      /x is a link or a device/u,
    ],
  ] as const) {
    test(`${what} is refused by its path`, async (t) => {
      const source = join(await tempFolder(t), "gone");
      await arrange(source);
      await assert.rejects(
        modelLayers({ ...placed, source }),
        (error) => error instanceof UserError && named.test(error.message),
      );
    });
  }
});
