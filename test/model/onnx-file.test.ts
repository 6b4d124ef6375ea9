import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { parseOnnxFile } from "../../src/model/onnx-file.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";

suite("parseOnnxFile", () => {
  test("inputs and outputs have their names, types and symbolic dimensions", () => {
    const file = parseOnnxFile(readFileSync(`${FIXTURE_MODELS}double.onnx`));
    assert.deepEqual(file?.inputs, [
      { name: "x", type: { kind: "tensor", type: "float32", shape: ["batch", 3] } },
    ]);
    assert.deepEqual(file?.outputs, [
      { name: "y", type: { kind: "tensor", type: "float32", shape: ["batch", 3] } },
    ]);
  });

  test("a model cut off at any byte is no model, and never throws", () => {
    const bytes = readFileSync(`${FIXTURE_MODELS}zipmap-int.onnx`);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.doesNotThrow(() => parseOnnxFile(bytes.subarray(0, length)), `${length} bytes`);
    }
  });

  test("text and noise are no models", () => {
    assert.equal(parseOnnxFile(Buffer.from("name: blue\n")), undefined);
    assert.equal(parseOnnxFile(new Uint8Array(100).fill(0xff)), undefined);
    assert.equal(parseOnnxFile(new Uint8Array(0)), undefined);
  });
});
