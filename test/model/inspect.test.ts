import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";

import { inspectModel } from "../../src/model/inspect.ts";
import { encodeModel } from "../../scripts/onnx/model.ts";
import { tensor } from "../../scripts/onnx/value-info.ts";
import { fieldsOf, joinBytes, varintField } from "../../src/model/protobuf.ts";
import { FIXTURE_MODELS, SHARED, withoutShared } from "../support/repository.ts";

suite("inspectModel", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-inspect-"));
  after(() => rmSync(folder, { recursive: true }));

  test("a model that loads is measured", async () => {
    const { inspection, problems } = await inspectModel(`${FIXTURE_MODELS}two-outputs.onnx`);
    assert.deepEqual(problems, []);
    assert.equal(inspection?.sha256.length, 64);
    assert.ok((inspection?.loadMs ?? 0) > 0);
    assert.ok((inspection?.memoryBytes ?? 0) > 1_000_000);
  });

  test("a pipe is no model, and nobody is waited for", async () => {
    const pipe = join(folder, "pipe.onnx");
    execFileSync("mkfifo", [pipe]);
    const { inspection, problems } = await inspectModel(pipe);
    assert.equal(inspection, undefined);
    assert.equal(problems[0]?.code, "MODEL_UNREADABLE");
    assert.match(problems[0]?.message ?? "", /pipe\.onnx is no plain file/u);
  });

  test("a model with random operators: no sample, and a note", async () => {
    const path = join(folder, "random.onnx");
    const graph = {
      name: "noise",
      inputs: [tensor("x", "float32", [4])],
      outputs: [tensor("y", "float32", [4])],
      nodes: [
        { op: "RandomNormalLike", inputs: ["x"], outputs: ["noise"] },
        { op: "Add", inputs: ["x", "noise"], outputs: ["y"] },
      ],
    };
    writeFileSync(path, encodeModel(graph));
    const { inspection, problems } = await inspectModel(path);
    assert.ok((inspection?.runMs ?? 0) > 0);
    assert.equal(inspection?.sample, undefined);
    assert.deepEqual(
      problems.map(({ code, severity }) => `${severity} ${code}`),
      ["note MODEL_VARIES"],
    );
    const steady = await inspectModel(`${FIXTURE_MODELS}double.onnx`);
    assert.equal(steady.inspection?.sample?.length, 1);
  });

  test("a model of the future is refused with the reason, and no source line before it", async () => {
    const path = join(folder, "future.onnx");
    const bytes = readFileSync(`${FIXTURE_MODELS}double.onnx`);
    const fields = [...fieldsOf(bytes)].map((field) =>
      field.number === 1 ? varintField(1, 99) : field.raw,
    );
    writeFileSync(path, joinBytes(fields));
    const { problems } = await inspectModel(path);
    assert.match(problems[0]?.message ?? "", /cannot load it: Unsupported model IR version: 99/u);
    assert.match(problems[0]?.hint ?? "", /older opset/u);
  });

  test("an operator that ONNX Runtime does not have is refused with its reason", async () => {
    const { problems } = await inspectModel(`${FIXTURE_MODELS}custom-op.onnx`);
    assert.deepEqual(
      problems.map(({ code, severity }) => `${severity} ${code}`),
      ["error MODEL_REFUSED"],
    );
    assert.match(problems[0]?.message ?? "", /not a registered function\/op/);
  });

  test(
    "superres_pp.onnx is refused and its operator domain named",
    { skip: withoutShared },
    async () => {
      const { inspection, problems } = await inspectModel(`${SHARED}models/superres_pp.onnx`);
      assert.deepEqual(inspection?.domains, { "com.microsoft.extensions": 1 });
      assert.equal(problems[0]?.code, "MODEL_REFUSED");
      assert.match(problems[0]?.hint ?? "", /com\.microsoft\.extensions/);
    },
  );

  test("a sequence output is a warning while a tensor output is left", async () => {
    const { inspection, problems } = await inspectModel(`${FIXTURE_MODELS}sequence-output.onnx`);
    assert.deepEqual(
      problems.map(({ code, severity }) => `${severity} ${code}`),
      ["warning MODEL_OUTPUT_KIND"],
    );
    assert.equal(inspection?.signature.outputs.length, 1);
  });

  test("a model with no tensor output is an error", async () => {
    const { problems } = await inspectModel(`${FIXTURE_MODELS}sequence-only.onnx`);
    assert.ok(
      problems.some(({ code, severity }) => code === "MODEL_OUTPUT_KIND" && severity === "error"),
    );
  });

  test("what is no model, or is not there, is said so", async () => {
    const noise = join(folder, "noise.onnx");
    writeFileSync(noise, "not a model");
    const cases: readonly (readonly [string, string])[] = [
      [noise, "MODEL_NOT_ONNX"],
      [join(folder, "absent.onnx"), "MODEL_UNREADABLE"],
      [folder, "MODEL_UNREADABLE"],
    ];
    for (const [path, code] of cases) {
      const { inspection, problems } = await inspectModel(path);
      assert.equal(inspection, undefined);
      assert.deepEqual(
        problems.map((problem) => problem.code),
        [code],
      );
    }
  });
});
