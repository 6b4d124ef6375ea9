import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import type { ResolvedEndpoint } from "../../../src/spec/resolved.ts";
import { edgewright, edgewrightJson } from "../../support/edgewright.ts";
import { FIXTURE_MODELS, SHARED, withoutShared } from "../../support/repository.ts";

suite("validate", { skip: withoutShared }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-validate-"));
  const env = { EDGEWRIGHT_HOME: join(folder, "home") };
  after(() => rmSync(folder, { recursive: true }));
  before(async () => {
    for (const name of ["online-full.yml", "online-minimal.yml", "batch-minimal.yml"]) {
      copyFileSync(`${SHARED}specs/${name}`, join(folder, name));
    }
    for (const path of [
      "src/onlinescoring/m1/score.py",
      "src/onlinescoring/m2/score.py",
      "endpoint/test.py",
    ]) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), "def init(): pass\n");
    }
    for (const name of [
      "my-model-m1:1",
      "my-model-m2:1",
      "my-model-123:3",
      "sklearn_regression_model:1",
    ]) {
      const added = await edgewright(["model", "add", name, `${FIXTURE_MODELS}double.onnx`], {
        env,
      });
      assert.equal(added.code, 0, added.stderr);
    }
  });

  test("the full spec fits a device of 4 CPUs and 8 GiB, and each step of it is a warning", async () => {
    const args = [
      "validate",
      join(folder, "online-full.yml"),
      "--device",
      "cpus=4,memory=8Gi",
      "--resolved",
    ];
    const { code, document } = await edgewrightJson(args, { env });
    assert.equal(code, 0);
    assert.equal(document.ok, true);
    const { deployments, module } = document["endpoint"] as ResolvedEndpoint;
    const shown = deployments.map(
      ({ name, traffic, instances, cpus, requestTimeoutMs, maxQueueWaitMs, limitsFrom }) => {
        return { name, traffic, instances, cpus, requestTimeoutMs, maxQueueWaitMs, limitsFrom };
      },
    );
    const alike = { instances: 1, cpus: 1.875, requestTimeoutMs: 3000, limitsFrom: "sku" };
    assert.deepEqual(shown, [
      { name: "blue", traffic: 90, maxQueueWaitMs: 3000, ...alike },
      { name: "green", traffic: 10, maxQueueWaitMs: 500, ...alike },
    ]);
    assert.equal(module.cpus, 3.75);
    assert.equal(module.memoryBytes, 7.5 * 2 ** 30);
    const reduced = document.problems.filter((problem) => problem.code === "SPEC_REDUCED");
    assert.equal(reduced.length, 6);
    assert.ok(document.problems.every((problem) => problem.severity !== "error"));
    assert.ok(
      document.problems.some(({ message }) => /Standard_FS4_v2.*4 CPUs and 8 GiB/.test(message)),
    );
  });

  test("the minimal online and batch specs are valid", async () => {
    for (const name of ["online-minimal.yml", "batch-minimal.yml"]) {
      const { code, document } = await edgewrightJson(["validate", join(folder, name)], { env });
      assert.equal(code, 0, JSON.stringify(document.problems));
    }
  });

  test("where the scripts are absent there is one error for each, at its value", async () => {
    const args = ["validate", `${SHARED}specs/online-full.yml`];
    const { code, document } = await edgewrightJson(args, { env });
    assert.equal(code, 1);
    const errors = document.problems.filter((problem) => problem.severity === "error");
    assert.deepEqual(
      errors.map((problem) => [problem.code, problem.at?.line, problem.at?.col]),
      [
        ["SPEC_SCRIPT_MISSING", 15, 23],
        ["SPEC_SCRIPT_MISSING", 33, 23],
      ],
    );
    for (const { message } of errors) assert.match(message, /looked at .*, .*/);
  });
});
