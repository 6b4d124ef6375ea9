import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { binaryBody, inputNumbers, jsonBody, rawBody } from "../../../bench/load/body.ts";

const MODEL = { name: "any", path: "any.onnx", input: { name: "X", dims: [3, 2] }, made: true };

suite("a request's body", () => {
  test("has as many numbers of six decimals as the input has elements", () => {
    const numbers = inputNumbers(MODEL);
    assert.equal(numbers.length, 6);
    for (const number of numbers) assert.match(number, /^0\.\d{6}$|^1\.000000$/);
    assert.equal(new Set(numbers).size, 6);
  });

  test("is JSON of the Open Inference Protocol with flat data", () => {
    const { inputs } = JSON.parse(Buffer.from(jsonBody(MODEL).bytes).toString()) as {
      inputs: readonly unknown[];
    };
    const data = inputNumbers(MODEL).map(Number);
    assert.deepEqual(inputs, [{ name: "X", shape: [3, 2], datatype: "FP32", data }]);
  });

  test("carries the same numbers behind a binary header as raw", () => {
    const { bytes, headers } = binaryBody(MODEL);
    const length = Number(headers["Inference-Header-Content-Length"]);
    const head = JSON.parse(Buffer.from(bytes.subarray(0, length)).toString()) as {
      inputs: readonly [{ parameters: { binary_data_size: number } }];
    };
    assert.equal(head.inputs[0].parameters.binary_data_size, 24);
    assert.deepEqual(Buffer.from(bytes.subarray(length)), Buffer.from(rawBody(MODEL).bytes));
  });
});
