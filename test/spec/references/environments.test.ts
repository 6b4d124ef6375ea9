import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";

import { resolveEnvironment } from "../../../src/spec/references/environments.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const AT = { file: "a/spec.yml", line: 3, col: 5, path: "environment" };

suite("resolveEnvironment", () => {
  test("AzureML-Minimal of any version is built in", async (t) => {
    const folder = tempFolder(t);
    for (const version of ["1", "42"]) {
      const asked = `azureml:AzureML-Minimal:${version}`;
      const read = await resolveEnvironment(asked, AT, { cwd: folder, modelStore: folder });
      assert.ok(read.ok);
      assert.deepEqual(read.value, { name: "AzureML-Minimal", version });
    }
  });

  test("a reference is a file in an environments folder; its own paths are relative to it", async (t) => {
    const folder = tempFolder(t, {
      "environments/sk/3.yml":
        "$schema: x\nname: other\nversion: 9\nimage: base:1\nconda_file: ../conda.yml\n",
      "environments/conda.yml": "dependencies: []\n",
    });
    const context = { cwd: folder, modelStore: folder };
    for (const asked of ["azureml:sk:3", "azureml:sk@latest"]) {
      const read = await resolveEnvironment(asked, AT, context);
      assert.ok(read.ok, JSON.stringify(read.problems));
      assert.deepEqual(read.value, {
        name: "sk",
        version: "3",
        image: "base:1",
        condaFile: join(folder, "environments/conda.yml"),
      });
    }
  });

  test("a file of its own is read where the environment is a path", async (t) => {
    const folder = tempFolder(t, { "a/env.yaml": "name: e\nversion: 1\nimage: base:1\n" });
    const read = await resolveEnvironment("./env.yaml", AT, { cwd: folder, modelStore: folder });
    assert.ok(read.ok, JSON.stringify(read.problems));
    assert.deepEqual(read.value, { name: "e", version: "1", image: "base:1" });
  });

  test("what is wrong in an environment file is told at its place there", async (t) => {
    const folder = tempFolder(t, { "environments/sk/3.yml": "name: sk\nimagee: base:1\n" });
    const context = { cwd: folder, modelStore: folder };
    const read = await resolveEnvironment("azureml:sk:3", AT, context);
    const [problem] = read.problems;
    assert.equal(problem?.code, "SPEC_UNKNOWN_KEY");
    assert.deepEqual(problem.at, {
      file: join("environments", "sk", "3.yml"),
      line: 2,
      col: 1,
      path: "imagee",
    });
    assert.match(problem.hint ?? "", /`image`/);
  });

  test("one that is nowhere lists every place, and points at the reference", async (t) => {
    const folder = tempFolder(t);
    const context = { cwd: folder, modelStore: folder };
    const read = await resolveEnvironment("azureml:sk:3", AT, context);
    const [problem] = read.problems;
    assert.equal(problem?.at, AT);
    for (const place of ["a/environments/sk/3.yml", "environments/sk/3.yaml"]) {
      assert.ok(problem.message.includes(join(folder, place)));
    }
  });
});
