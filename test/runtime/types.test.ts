import assert from "node:assert/strict";
import { after, suite, test } from "node:test";

import { FIXTURE_MODELS } from "../support/repository.ts";
import { score, served } from "../support/served.ts";

suite("element types", async () => {
  const running = await served({ blue: { path: `${FIXTURE_MODELS}types.onnx` } });
  after(() => running.stop());

  const values: Readonly<Record<string, readonly [string, unknown, unknown?]>> = {
    float32: ["FP32", [[0.1, "-Infinity"]]],
    float64: ["FP64", [[0.1, "NaN"]]],
    float16: ["FP16", [[0.5, 0.1]], [[0.5, 0.0999755859375]]],
    int8: ["INT8", [[-128, 127]]],
    int16: ["INT16", [[-32768, 32767]]],
    int32: ["INT32", [[-2147483648, 2147483647]]],
    int64: ["INT64", [["9223372036854775807", -9007199254740991]]],
    uint8: ["UINT8", [[0, 255]]],
    uint16: ["UINT16", [[0, 65535]]],
    uint32: ["UINT32", [[0, 4294967295]]],
    uint64: ["UINT64", [["18446744073709551615", 9007199254740991]]],
    bool: ["BOOL", [[true, false]]],
    string: ["BYTES", [["größe", ""]]],
  };
  const inputs = Object.fromEntries(
    Object.entries(values).map(([type, [, sent]]) => [`in_${type}`, sent]),
  );

  test("every type goes in and comes out as it was, through the map form", async () => {
    const { status, body } = await score(running.url, { inputs });
    assert.equal(status, 200, JSON.stringify(body));
    for (const [type, [, sent, expected]] of Object.entries(values)) {
      const outputs = body["outputs"] as Record<string, unknown>;
      assert.deepEqual(outputs[`out_${type}`], expected ?? sent, type);
    }
  });

  test("every type goes in and comes out as it was, through the Open Inference Protocol", async () => {
    const request = Object.entries(values).map(([type, [datatype, data]]) => {
      return { name: `in_${type}`, shape: [1, 2], datatype, data };
    });
    const { status, body } = await score(running.url, { inputs: request });
    assert.equal(status, 200, JSON.stringify(body));
    const outputs = body["outputs"] as { name: string; datatype: string; data: unknown[] }[];
    for (const [type, [datatype, sent, expected]] of Object.entries(values)) {
      const output = outputs.find(({ name }) => name === `out_${type}`);
      assert.equal(output?.datatype, datatype);
      assert.deepEqual([output?.data], expected ?? sent, type);
    }
  });
});
