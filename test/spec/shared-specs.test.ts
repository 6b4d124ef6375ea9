/** The three documents that the project starts from, read as they are. */

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import type { Problem, Read } from "../../src/core/problem.ts";
import { parseDevice } from "../../src/spec/capacity/device.ts";
import { fitToDevice } from "../../src/spec/capacity/limits.ts";
import { loadSpec } from "../../src/spec/load.ts";
import type { LoadedSpec } from "../../src/spec/load.ts";
import { SHARED, withoutShared } from "../support/repository.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Copies of the documents, with the models and scripts that they name around them. */
function workspace(t: TestContext): string {
  const folder = tempFolder(t, {
    "src/onlinescoring/m1/score.py": "",
    "src/onlinescoring/m2/score.py": "",
    "endpoint/test.py": "",
    "models/my-model-m1/1/net.onnx": "",
    "models/my-model-m2/1/net.onnx": "",
    "models/my-model-123/3/model.pkl": "",
    "models/sklearn_regression_model/1/model.pkl": "",
  });
  cpSync(join(SHARED, "specs"), folder, { recursive: true });
  return folder;
}

function load(cwd: string, file: string): Promise<Read<LoadedSpec>> {
  return loadSpec([file], { cwd, modelStore: join(cwd, "store") });
}

function severe(problems: readonly Problem[], severity: string): readonly Problem[] {
  return problems.filter((problem) => problem.severity === severity);
}

suite("the documents of ../shared/specs", { skip: withoutShared }, () => {
  test("online-full.yml: every field is in the resolved endpoint", async (t) => {
    const folder = workspace(t);
    const read = await load(folder, "online-full.yml");
    assert.ok(read.ok, JSON.stringify(read.problems));
    const { endpoint } = read.value;
    assert.deepEqual(
      [endpoint.name, endpoint.kind, endpoint.authMode],
      ["myEndpoint", "online", "aml_token"],
    );
    const [blue, green] = endpoint.deployments;
    assert.deepEqual(blue, {
      name: "blue",
      traffic: 90,
      instances: 5,
      scale: { type: "manual", minInstances: 1, maxInstances: 5 },
      cpus: 4,
      memoryBytes: 8 * 2 ** 30,
      limitsFrom: "sku",
      instanceType: "Standard_F4s_v2",
      requestTimeoutMs: 3000,
      maxConcurrentRequestsPerInstance: 1,
      maxQueueWaitMs: 3000,
      model: {
        name: "my-model-m1",
        version: "1",
        path: join(folder, "models/my-model-m1/1/net.onnx"),
        directory: join(folder, "models/my-model-m1/1"),
      },
      script: {
        directory: join(folder, "src/onlinescoring/m1"),
        path: join(folder, "src/onlinescoring/m1/score.py"),
      },
      environment: { name: "AzureML-Minimal", version: "1" },
      environmentVariables: {},
    });
    assert.deepEqual([green?.name, green?.traffic, green?.maxQueueWaitMs], ["green", 10, 500]);
    assert.equal(endpoint.module.name, "myendpoint");
    const sku = read.problems.filter(({ message }) => message.includes("Standard_FS4_v2"));
    assert.deepEqual(
      sku.map(({ at, severity }) => [severity, at?.line, at?.col]),
      [
        ["warning", 17, 10],
        ["warning", 35, 10],
      ],
    );
    assert.match(sku[0]?.message ?? "", /4 CPUs and 8 GiB/);
  });

  test("online-full.yml fits a device of 4 CPUs and 8 GiB, each step a warning", async (t) => {
    const read = await load(workspace(t), "online-full.yml");
    const device = parseDevice("cpus=4,memory=8Gi");
    assert.ok(read.ok && device.ok);
    const { endpoint, placeOf } = read.value;
    const fitted = fitToDevice(endpoint, { device: device.value, placeOf });
    assert.ok(fitted.ok);
    assert.deepEqual(
      fitted.value.deployments.map(({ instances, cpus, memoryBytes }) => [
        instances,
        cpus,
        memoryBytes,
      ]),
      [
        [1, 1.875, 3792 * 2 ** 20],
        [1, 1.875, 3792 * 2 ** 20],
      ],
    );
    assert.deepEqual(
      [fitted.value.module.cpus, fitted.value.module.memoryBytes],
      [3.75, 8 * 2 ** 30 - 512 * 2 ** 20],
    );
    assert.deepEqual(
      fitted.problems.map(({ code, severity, message, at }) => [
        code,
        severity,
        message.split(":")[0],
        at?.line,
      ]),
      [
        ["SPEC_REDUCED", "warning", "green has 1 instance instead of 5", 30],
        ["SPEC_REDUCED", "warning", "blue has 1 instance instead of 5", 12],
        ["SPEC_REDUCED", "warning", "blue has 1.875 CPUs per instance instead of 4 CPUs", 12],
        ["SPEC_REDUCED", "warning", "green has 1.875 CPUs per instance instead of 4 CPUs", 30],
        [
          "SPEC_REDUCED",
          "warning",
          "blue has 3792 MiB of memory per instance instead of 8 GiB",
          12,
        ],
        [
          "SPEC_REDUCED",
          "warning",
          "green has 3792 MiB of memory per instance instead of 8 GiB",
          30,
        ],
      ],
    );
  });

  test("online-minimal.yml: the script inside `code` is tolerated with a warning", async (t) => {
    const folder = workspace(t);
    const read = await load(folder, "online-minimal.yml");
    assert.ok(read.ok, JSON.stringify(read.problems));
    const [blue] = read.value.endpoint.deployments;
    assert.deepEqual(blue?.script, {
      directory: join(folder, "endpoint"),
      path: join(folder, "endpoint/test.py"),
    });
    assert.deepEqual(
      [blue?.traffic, blue?.cpus, blue?.memoryBytes, blue?.limitsFrom],
      [100, 1, 2 ** 30, "resources"],
    );
    assert.equal(blue?.model?.path, join(folder, "models/my-model-123/3"));
    const nested = read.problems.find(({ at }) => at?.line === 9 && at.col === 17);
    assert.deepEqual([nested?.code, nested?.severity], ["SPEC_OLD_SPELLING", "warning"]);
  });

  test("batch-minimal.yml: every setting is in the resolved endpoint", async (t) => {
    const read = await load(workspace(t), "batch-minimal.yml");
    assert.ok(read.ok, JSON.stringify(read.problems));
    const { endpoint } = read.value;
    assert.deepEqual(
      [endpoint.name, endpoint.kind, endpoint.authMode, endpoint.defaultDeployment],
      ["myBatchEndpoint", "batch", "aml_token", "blue"],
    );
    assert.deepEqual(endpoint.deployments[0]?.batch, {
      nodeCount: 1,
      miniBatchSize: 5,
      maxConcurrencyPerInstance: 1,
      outputAction: "append_row",
      outputFileName: "append_row.txt",
      maxRetries: 3,
      timeoutSeconds: 30,
      errorThreshold: 10,
      loggingLevel: "info",
      compute: "azureml:cpu-cluster",
    });
  });

  test("where the scripts are absent there is one error a script, with every place looked at", async (t) => {
    const models = tempFolder(t, {
      "models/my-model-m1/1/net.onnx": "",
      "models/my-model-m2/1/net.onnx": "",
    });
    const cwd = join(SHARED, "specs");
    const read = await loadSpec(["online-full.yml"], { cwd, modelStore: models });
    const errors = severe(read.problems, "error");
    assert.deepEqual(
      errors.map(({ code, at }) => `${at?.line}:${at?.col} ${code}`),
      ["15:23 SPEC_SCRIPT_MISSING", "33:23 SPEC_SCRIPT_MISSING"],
    );
    for (const { message } of errors) assert.equal(message.match(/score\.py/g)?.length, 3);
  });

  test("a tab in the indentation of any line is found there, and is the only error", async (t) => {
    const folder = workspace(t);
    const lines = readFileSync(join(folder, "online-full.yml"), "utf8").split("\n");
    for (const [index, line] of lines.entries()) {
      const indentation = /^ +(?=[^ #])/.exec(line)?.[0];
      if (indentation === undefined) continue;
      for (const tabbed of ["\t", `${indentation.slice(1)}\t`, `${indentation}\t`]) {
        const broken = lines.with(index, tabbed + line.trimStart()).join("\n");
        writeFileSync(join(folder, "tab.yml"), broken);
        const { problems } = await load(folder, "tab.yml");
        const said = problems.map(({ at, code }) => `${at?.line}:${at?.col} ${code}`);
        assert.deepEqual(said, [`${index + 1}:${tabbed.length} SPEC_SYNTAX`]);
      }
    }
  });
});
