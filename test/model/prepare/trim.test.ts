import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { encodeModel } from "../../../scripts/onnx/model.ts";
import type { Graph } from "../../../scripts/onnx/graph.ts";
import { floats } from "../../../scripts/onnx/initializer.ts";
import { tensor } from "../../../scripts/onnx/value-info.ts";
import { liftModel } from "../../../src/model/prepare/lift.ts";
import { trimModel } from "../../../src/model/prepare/trim.ts";
import { bytesField, joinBytes } from "../../../src/model/protobuf.ts";
import { tempFolder } from "../../packager/support/temp-folder.ts";
import { weightsOf } from "./models.ts";

/** A graph whose constants are used in a branch, as an output, and nowhere. */
const BRANCHED: Graph = {
  name: "branched",
  inputs: [tensor("flag", "bool", [])],
  outputs: [tensor("y", "float32", [4]), tensor("handed_on", "float32", [4])],
  constants: [
    floats("handed_on", [4], weightsOf(4)),
    floats("nowhere", [4], weightsOf(4)),
    floats("inner", [4], weightsOf(4)),
  ],
  nodes: [
    {
      op: "If",
      inputs: ["flag"],
      outputs: ["y"],
      attributes: {
        then_branch: { graph: branch("Abs") },
        else_branch: { graph: branch("Neg") },
      },
    },
  ],
};

function branch(op: string): Graph {
  return {
    name: op,
    inputs: [],
    outputs: [tensor(`${op}_out`, "float32", [4])],
    nodes: [{ op, inputs: ["inner"], outputs: [`${op}_out`] }],
  };
}

suite("trimModel", () => {
  test("a constant that only a branch or an output uses stays", async (t) => {
    const path = join(await tempFolder(t), "net.onnx");
    writeFileSync(path, encodeModel(BRANCHED));
    const lifted = liftModel(path);
    assert.ok(lifted !== undefined);
    const trimmed = trimModel(lifted);
    assert.ok("model" in trimmed);
    assert.deepEqual(
      trimmed.model.initializers.map(({ name }) => name),
      ["inner", "handed_on"],
    );
    assert.equal(trimmed.gains.unusedConstants, 1);
  });

  for (const [what, more, reason] of [
    ["training information", bytesField(20, new Uint8Array(0)), /training information/u],
    ["two constants of one name", new Uint8Array(0), /two of its constants have one name/u],
  ] as const) {
    test(`a model with ${what} is left as it is`, async (t) => {
      const path = join(await tempFolder(t), "net.onnx");
      const doubled: Graph = {
        ...BRANCHED,
        constants: [...(BRANCHED.constants ?? []), floats("inner", [4], weightsOf(4))],
      };
      writeFileSync(
        path,
        what.startsWith("two") ? encodeModel(doubled) : joinBytes([encodeModel(BRANCHED), more]),
      );
      const lifted = liftModel(path);
      assert.ok(lifted !== undefined);
      const trimmed = trimModel(lifted);
      assert.ok("reason" in trimmed);
      assert.match(trimmed.reason, reason);
    });
  }
});
