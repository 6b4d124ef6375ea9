import assert from "node:assert/strict";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { UserError } from "../../src/core/problem.ts";
import { addModel, findModel, listModels, removeModel } from "../../src/model/store.ts";
import { socketAt, tempFolder } from "../support/temp-folder.ts";

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UserError);
    const [problem] = error.problems;
    assert.equal(problem?.code, "MODEL_STORE");
    assert.match(problem.message, pattern);
    assert.ok(problem.hint);
    return true;
  };
}

suite("addModel", () => {
  test("a file lands in the folder of its version, readable, whatever its mode was", async (t) => {
    const folder = tempFolder(t, { "net.onnx": "weights" });
    chmodSync(join(folder, "net.onnx"), 0o600);
    const store = join(folder, "store");
    const added = await addModel(store, {
      name: "net",
      version: "1",
      path: join(folder, "net.onnx"),
    });
    const path = join(store, "models/net/1");
    assert.deepEqual(added, { name: "net", version: "1", path, bytes: 7 });
    assert.equal(readFileSync(join(path, "net.onnx"), "utf8"), "weights");
    assert.equal(statSync(join(path, "net.onnx")).mode & 0o777, 0o644);
    assert.equal(statSync(path).mode & 0o777, 0o755);
  });

  test("what is in a folder lands there, links inside it as copies", async (t) => {
    const folder = tempFolder(t, { "m/net.onnx": "abc", "m/data/weights.bin": "de" });
    symlinkSync("data/weights.bin", join(folder, "m/alias.bin"));
    linkSync(join(folder, "m/net.onnx"), join(folder, "m/hard.onnx"));
    const added = await addModel(folder, { name: "net", version: "1", path: join(folder, "m") });
    assert.equal(added.bytes, 3 + 2 + 2 + 3);
    assert.deepEqual(readdirSync(added.path, { recursive: true }).map(String).toSorted(), [
      "alias.bin",
      "data",
      join("data", "weights.bin"),
      "hard.onnx",
      "net.onnx",
    ]);
    assert.ok(statSync(join(added.path, "alias.bin")).isFile());
  });

  test("a version that is there is refused and stays what it was", async (t) => {
    const folder = tempFolder(t, { "a.onnx": "first", "b.onnx": "second" });
    const model = { name: "net", version: "1" };
    await addModel(folder, { ...model, path: join(folder, "a.onnx") });
    await assert.rejects(
      addModel(folder, { ...model, path: join(folder, "b.onnx") }),
      refusal(/in the store already/),
    );
    assert.deepEqual(readdirSync(join(folder, "models/net/1")), ["a.onnx"]);
  });

  test("of two that add the same version at once, one is refused", async (t) => {
    const folder = tempFolder(t, { "a/net.onnx": "first", "b/net.onnx": "second" });
    const model = { name: "net", version: "1" };
    const tries = await Promise.allSettled(
      ["a", "b"].map((from) => addModel(folder, { ...model, path: join(folder, from) })),
    );
    assert.deepEqual(tries.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    assert.deepEqual(readdirSync(join(folder, "models/net")), ["1"]);
  });

  test("a link out of the folder is refused, and nothing is left behind", async (t) => {
    const folder = tempFolder(t, { "m/net.onnx": "abc", "secret.txt": "secret" });
    symlinkSync("../secret.txt", join(folder, "m/leak.txt"));
    const model = { name: "net", version: "1", path: join(folder, "m") };
    await assert.rejects(addModel(folder, model), refusal(/leads out of the folder/));
    assert.deepEqual(readdirSync(folder).toSorted(), ["m", "secret.txt"]);
  });

  test("a link to the folder around it is refused instead of followed for ever", async (t) => {
    const folder = tempFolder(t, { "m/net.onnx": "abc" });
    symlinkSync(".", join(folder, "m/loop"));
    const model = { name: "net", version: "1", path: join(folder, "m") };
    await assert.rejects(addModel(folder, model), refusal(/loop/));
  });

  test("a socket, an empty folder, a dead link and nothing at all are refused", async (t) => {
    const folder = tempFolder(t, { "m/net.onnx": "abc", "d/net.onnx": "abc" });
    await socketAt(t, join(folder, "socket"));
    await socketAt(t, join(folder, "m/socket"));
    mkdirSync(join(folder, "empty"));
    symlinkSync("nowhere", join(folder, "d/dead"));
    for (const [path, reason] of [
      ["socket", /neither a file nor a folder/],
      ["m", /no plain file/],
      ["empty", /empty folder/],
      ["d", /leads nowhere/],
      ["absent", /does not exist/],
    ] as const) {
      const model = { name: "net", version: "1", path: join(folder, path) };
      await assert.rejects(addModel(folder, model), refusal(reason));
    }
  });

  for (const [name, version] of [
    ["..", "1"],
    ["../x", "1"],
    ["a/b", "1"],
    ["", "1"],
    [".net", "1"],
    ["net", ".."],
    ["net", "1/2"],
    ["net", ""],
    ["net\0", "1"],
  ] as const) {
    test(`${JSON.stringify(name)} in version ${JSON.stringify(version)} is no name`, async (t) => {
      const folder = tempFolder(t, { "net.onnx": "abc" });
      const model = { name, version, path: join(folder, "net.onnx") };
      await assert.rejects(addModel(folder, model), refusal(/is not legal/));
      assert.deepEqual(readdirSync(folder), ["net.onnx"]);
    });
  }

  test("a store that cannot be written is a refusal, not a crash", async (t) => {
    const folder = tempFolder(t, { "net.onnx": "abc", store: "a file" });
    const model = { name: "net", version: "1", path: join(folder, "net.onnx") };
    await assert.rejects(addModel(join(folder, "store"), model), refusal(/cannot be copied/));
  });
});

suite("listModels, findModel, removeModel", () => {
  test("models are listed by name, then by version as numbers; drafts are not", async (t) => {
    const folder = tempFolder(t, {
      "models/pump/10/net.onnx": "abc",
      "models/pump/9/net.onnx": "ab",
      "models/fan/1/net.onnx": "a",
      "models/fan/.adding-x/net.onnx": "a",
      "models/readme.txt": "",
    });
    const models = await listModels(folder);
    assert.deepEqual(
      models.map(({ name, version, bytes }) => `${name}:${version} ${bytes}`),
      ["fan:1 1", "pump:9 2", "pump:10 3"],
    );
  });

  test("a store that is not there holds nothing", async (t) => {
    assert.deepEqual(await listModels(join(tempFolder(t), "none")), []);
  });

  test("a removed version is gone, the others stay", async (t) => {
    const folder = tempFolder(t, { "models/net/1/a.onnx": "", "models/net/2/a.onnx": "" });
    await removeModel(folder, { name: "net", version: "1" });
    assert.equal(await findModel(folder, { name: "net", version: "1" }), undefined);
    assert.deepEqual(readdirSync(join(folder, "models/net")), ["2"]);
    await removeModel(folder, { name: "net", version: "2" });
    assert.deepEqual(readdirSync(join(folder, "models")), []);
  });

  test("removing what is not there, or not a name, is refused", async (t) => {
    const folder = tempFolder(t, { "x/1/a.onnx": "", "models/net/1/a.onnx": "" });
    for (const model of [
      { name: "net", version: "2" },
      { name: "../x", version: "1" },
      { name: "net", version: "../../x/1" },
    ]) {
      await assert.rejects(removeModel(folder, model), refusal(/is not in the store/));
    }
    assert.ok(statSync(join(folder, "x/1/a.onnx")).isFile());
  });
});
