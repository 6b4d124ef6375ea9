import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { suite, test } from "node:test";
import { runtimeFiles, runtimeLayer } from "../../../src/packager/layers/runtime.ts";
import { makePackageRoot } from "../support/package-root.ts";
import { REPOSITORY } from "../support/repository.ts";
import { tempFolder } from "../support/temp-folder.ts";

suite("runtimeFiles", () => {
  test("what the two entry points import is there, and nothing else", async (t) => {
    const { files, packages } = await runtimeFiles(await makePackageRoot(await tempFolder(t)));
    assert.deepEqual([...files.keys()].toSorted(), [
      "runtime/answer.js",
      "runtime/batch/workers/model-thread.js",
      "runtime/engine/instances/late.js",
      "runtime/engine/instances/process.js",
      "runtime/engine/instances/worker.js",
      "runtime/job-process.js",
      "runtime/main.js",
    ]);
    assert.deepEqual(packages, ["onnxruntime-node", "pino"]);
    for (const text of files.values()) assert.ok(!text.includes("sourceMappingURL"));
  });
});

const NO_RUNTIME = existsSync(`${REPOSITORY}/dist/src/runtime/main.js`)
  ? false
  : "the runtime is not in this tree";

suite("our own runtime", { skip: NO_RUNTIME }, () => {
  test("imports only packages that a layer carries", async () => {
    const vendored = await readdir(`${REPOSITORY}/dist/vendor`);
    const carried = new Set(["onnxruntime-node", ...vendored]);
    const { packages } = await runtimeFiles(REPOSITORY);
    assert.deepEqual(
      packages.filter((name) => !carried.has(name)),
      [],
    );
  });
});

suite("runtimeLayer", () => {
  test("the same files in two places are one layer", async (t) => {
    const roots = [await tempFolder(t), await tempFolder(t)];
    const layers = [];
    for (const root of roots) layers.push(await runtimeLayer(await makePackageRoot(root), "0.1.0"));
    assert.equal(layers[0]?.key, layers[1]?.key);
    const paths = (await layers[0]?.entries())?.map(({ path }) => path) ?? [];
    assert.ok(paths.includes("opt/edgewright/package.json"));
    assert.ok(paths.includes("opt/edgewright/src/runtime/main.js"));
    const python = paths.filter((path) => path.includes("scripts/python"));
    assert.deepEqual(python, ["opt/edgewright/src/runtime/scripts/python/host.py"]);
  });
});
