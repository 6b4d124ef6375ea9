import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { resolveModel } from "../../../src/spec/references/models.ts";
import type { ModelQuestion } from "../../../src/spec/references/models.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function question(model: ModelQuestion["model"], file: string, hasScript = false): ModelQuestion {
  return { deployment: "blue", model, hasScript, at: { file, line: 3, col: 5, path: "model" } };
}

async function pathOf(
  folder: string,
  asked: ModelQuestion,
  cwd = folder,
): Promise<string | undefined> {
  const found = await resolveModel(asked, { cwd, modelStore: join(folder, "store") });
  return "path" in found ? found.path : `${found.code} ${found.message}`;
}

suite("resolveModel", () => {
  test("beside the spec goes before a parent folder, that before the store", async (t) => {
    const folder = tempFolder(t, {
      "a/b/models/one/1/x.onnx": "",
      "a/models/one/1/x.onnx": "",
      "a/models/two/1/x.onnx": "",
      "store/models/one/1/x.onnx": "",
      "store/models/two/1/x.onnx": "",
      "store/models/three/1/x.onnx": "",
    });
    const at = (name: string) => pathOf(folder, question(`azureml:${name}:1`, "a/b/spec.yml"));
    assert.equal(await at("one"), join(folder, "a/b/models/one/1/x.onnx"));
    assert.equal(await at("two"), join(folder, "a/models/two/1/x.onnx"));
    assert.equal(await at("three"), join(folder, "store/models/three/1/x.onnx"));
  });

  test("parents are searched up to the working directory, not beyond", async (t) => {
    const folder = tempFolder(t, { "models/net/1/x.onnx": "", "a/b/spec.yml": "" });
    const found = await pathOf(folder, question("azureml:net:1", "b/spec.yml"), join(folder, "a"));
    assert.match(found ?? "", /^SPEC_REFERENCE/);
    assert.doesNotMatch(found ?? "", new RegExp(`${folder}/models`));
  });

  test("parents are searched up to the root of the repository, wherever one works", async (t) => {
    const folder = tempFolder(t, { "repo/models/net/1/x.onnx": "", "models/net/1/y.onnx": "" });
    mkdirSync(join(folder, "repo/.git"));
    mkdirSync(join(folder, "elsewhere"));
    const asked = question("azureml:net:1", join(folder, "repo/a/b/spec.yml"));
    assert.equal(
      await pathOf(folder, asked, join(folder, "elsewhere")),
      join(folder, "repo/models/net/1/x.onnx"),
    );
  });

  test("without either above the spec only its own folder is searched", async (t) => {
    const folder = tempFolder(t, { "models/net/1/x.onnx": "", "other/x": "" });
    const asked = question("azureml:net:1", join(folder, "a/spec.yml"));
    assert.match((await pathOf(folder, asked, join(folder, "other"))) ?? "", /^SPEC_REFERENCE/);
  });

  test("every place that was looked at is told", async (t) => {
    const folder = tempFolder(t);
    assert.equal(
      await pathOf(folder, question("azureml:net:7", "a/spec.yml")),
      `SPEC_REFERENCE model azureml:net:7 is nowhere: looked at ${[
        "a/models/net/7",
        "models/net/7",
        "store/models/net/7",
      ]
        .map((path) => join(folder, path))
        .join(", ")}`,
    );
  });

  test("@latest is the highest version, numbers as numbers", async (t) => {
    const folder = tempFolder(t, {
      "models/net/2/x.onnx": "",
      "models/net/10/x.onnx": "",
      "models/net/9/x.onnx": "",
      "models/net/.adding-1/x.onnx": "",
      "models/net/notes.txt": "",
    });
    const found = await resolveModel(question("azureml:net@latest", "spec.yml"), {
      cwd: folder,
      modelStore: folder,
    });
    assert.deepEqual(found, {
      name: "net",
      version: "10",
      path: join(folder, "models/net/10/x.onnx"),
    });
  });

  test("a folder with one ONNX file is that file, one with several needs a script", async (t) => {
    const folder = tempFolder(t, {
      "models/one/1/x.onnx": "",
      "models/one/1/labels.txt": "",
      "models/two/1/x.onnx": "",
      "models/two/1/y.ONNX": "",
      "models/pickle/1/model.pkl": "",
    });
    const at = (name: string, hasScript: boolean) =>
      pathOf(folder, question(`azureml:${name}:1`, "spec.yml", hasScript));
    assert.equal(await at("one", true), join(folder, "models/one/1/x.onnx"));
    assert.match((await at("two", false)) ?? "", /holds 2 ONNX files, must hold one/);
    assert.equal(await at("two", true), join(folder, "models/two/1"));
    assert.match((await at("pickle", false)) ?? "", /holds no ONNX files/);
    assert.equal(await at("pickle", true), join(folder, "models/pickle/1"));
  });

  test("an inline path is relative to the file that says it; its name defaults to the deployment's", async (t) => {
    const folder = tempFolder(t, { "a/net.onnx": "" });
    const asked = question({ path: "net.onnx" }, "a/spec.yml");
    const found = await resolveModel(asked, { cwd: folder, modelStore: folder });
    assert.deepEqual(found, { name: "blue", version: "1", path: join(folder, "a/net.onnx") });
  });

  for (const text of ["azureml:../x:1", "azureml:x:..", "azureml:a/../../b:1", "azureml:.x:1"]) {
    test(`${text} does not leave the models folder`, async (t) => {
      const folder = tempFolder(t, { "x/1/x.onnx": "", "models/x.onnx": "" });
      assert.match(
        (await pathOf(folder, question(text, "spec.yml"))) ?? "",
        /is not a model reference/,
      );
    });
  }

  test("a bare path is refused with the way to write it", async (t) => {
    const folder = tempFolder(t, { "net.onnx": "" });
    const found = await resolveModel(question("./net.onnx", "spec.yml"), {
      cwd: folder,
      modelStore: folder,
    });
    assert.ok("hint" in found);
    assert.equal(found.hint, "Write `model: {path: ./net.onnx}` if it is a path.");
  });
});
