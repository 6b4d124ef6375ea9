import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { findModel, makeMlp, makeTiny } from "../../../bench/models/bench-model.ts";
import { inspectModel } from "../../../src/model/inspect.ts";
import { tempFolder } from "../../support/temp-folder.ts";

suite("models that the bench makes", () => {
  test("load, with the input that requests are made for", async (context) => {
    const folder = tempFolder(context);
    for (const { path, input } of [makeTiny(folder), makeMlp(folder)]) {
      const { inspection, problems } = await inspectModel(path);
      assert.deepEqual(problems, []);
      const [declared] = inspection?.signature.inputs ?? [];
      assert.equal(declared?.name, input.name);
      assert.equal(declared?.shape?.length, input.dims.length);
    }
  });

  test("are the same bytes every time", (context) => {
    const [one, other] = [tempFolder(context), tempFolder(context)].map((folder) =>
      readFileSync(makeMlp(folder).path),
    );
    assert.ok(one !== undefined && other !== undefined && one.equals(other));
  });

  test("stand beside models that are found, or are not", (context) => {
    const folder = tempFolder(context, { "mnist.onnx": "" });
    assert.equal(findModel("mnist", folder)?.name, "mnist");
    assert.equal(findModel("ultraface", folder), undefined);
  });
});
