import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { ScoringError } from "../../../src/core/problem.ts";
import type { Signature } from "../../../src/core/tensors/signature.ts";
import type { Dimension, DType } from "../../../src/core/tensors/tensor.ts";
import { decodeRequest } from "../../../src/runtime/wire/decode.ts";

const input = (name: string, type: DType, shape: readonly Dimension[]) => ({ name, type, shape });
const output = input("y", "float32", ["batch"]);
const matrix: Signature = { inputs: [input("x", "float32", ["batch", 2])], outputs: [output] };
const image: Signature = { inputs: [input("x", "float32", [1, 2, 2])], outputs: [output] };
const table: Signature = {
  inputs: [input("age", "int64", ["batch", 1]), input("name", "string", ["batch"])],
  outputs: [output, input("z", "float32", ["batch"])],
};
const scalar: Signature = { inputs: [input("x", "float32", [])], outputs: [output] };

const decodeText = (signature: Signature, text: string) =>
  decodeRequest(signature, {
    protocol: { kind: "score" },
    headers: { "content-type": "application/json" },
    body: Buffer.from(text),
  });

const decode = (signature: Signature, body: unknown) => decodeText(signature, JSON.stringify(body));

function feedsOf(signature: Signature, body: unknown): Record<string, unknown> {
  const { feeds } = decode(signature, body);
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dims, data }]) => {
      return [name, { dims, data: Array.from(data as ArrayLike<unknown>) }];
    }),
  );
}

suite("request bodies", () => {
  const square = { x: { dims: [2, 2], data: [1, 2, 3, 4] } };
  const accepted: readonly (readonly [string, Signature, unknown, unknown])[] = [
    [
      "OIP, flat",
      matrix,
      { inputs: [{ name: "x", shape: [2, 2], datatype: "FP32", data: [1, 2, 3, 4] }] },
      square,
    ],
    [
      "OIP, nested",
      matrix,
      {
        inputs: [
          {
            name: "x",
            shape: [2, 2],
            datatype: "FP32",
            data: [
              [1, 2],
              [3, 4],
            ],
          },
        ],
      },
      square,
    ],
    [
      "input_data, rows",
      matrix,
      {
        input_data: [
          [1, 2],
          [3, 4],
        ],
      },
      square,
    ],
    ["input_data, flat", matrix, { input_data: [1, 2, 3, 4] }, square],
    [
      "input_data by name",
      matrix,
      {
        input_data: {
          x: [
            [1, 2],
            [3, 4],
          ],
        },
      },
      square,
    ],
    [
      "input_data, split",
      matrix,
      {
        input_data: {
          columns: ["a", "b"],
          index: [0, 1],
          data: [
            [1, 2],
            [3, 4],
          ],
        },
      },
      square,
    ],
    [
      "data",
      matrix,
      {
        data: [
          [1, 2],
          [3, 4],
        ],
      },
      square,
    ],
    [
      "inputs by name",
      matrix,
      {
        inputs: {
          x: [
            [1, 2],
            [3, 4],
          ],
        },
      },
      square,
    ],
    [
      "instances, rows",
      matrix,
      {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      square,
    ],
    ["instances, objects", matrix, { instances: [{ x: [1, 2] }, { x: [3, 4] }] }, square],
    [
      "an image without its batch axis",
      image,
      {
        data: [
          [1, 2],
          [3, 4],
        ],
      },
      { x: { dims: [1, 2, 2], data: [1, 2, 3, 4] } },
    ],
    ["a bare scalar", scalar, { data: 7 }, { x: { dims: [], data: [7] } }],
    [
      "a table by columns",
      table,
      {
        input_data: {
          columns: ["name", "age"],
          data: [
            ["ada", 36],
            ["alan", 41],
          ],
        },
      },
      { age: { dims: [2, 1], data: [36n, 41n] }, name: { dims: [2], data: ["ada", "alan"] } },
    ],
    [
      "instances of several inputs",
      table,
      { instances: [{ age: 36, name: "ada" }] },
      { age: { dims: [1, 1], data: [36n] }, name: { dims: [1], data: ["ada"] } },
    ],
  ];
  for (const [name, signature, body, feeds] of accepted) {
    test(`${name} becomes tensors`, () => assert.deepEqual(feedsOf(signature, body), feeds));
  }

  test("a 64-bit integer keeps all its digits, as a number and as a string", () => {
    const text =
      '{"inputs": {"age": [9223372036854775807, "-9223372036854775808"], "name": ["a", "b"]}}';
    const { feeds } = decodeText(table, text);
    assert.deepEqual(Array.from((feeds["age"]?.data ?? []) as BigInt64Array), [
      2n ** 63n - 1n,
      -(2n ** 63n),
    ]);
  });

  const refused: readonly (readonly [string, Signature, unknown, string, RegExp])[] = [
    ["a list as the body", matrix, [1], "INPUT_FORM", /the body is a list/],
    ["no known key", matrix, { foo: 1 }, "INPUT_FORM", /keys 'foo'/],
    [
      "an unknown input",
      matrix,
      { inputs: { q: [] } },
      "INPUT_NAME",
      /'q' is unknown, the model has 'x'/,
    ],
    ["a missing input", table, { inputs: { age: [1] } }, "INPUT_NAME", /no value for input 'name'/],
    [
      "a wrong shape",
      matrix,
      { data: [[1, 2, 3]] },
      "INPUT_SHAPE",
      /has shape \[1,3\], expected float32 \[batch,2\]/,
    ],
    ["rows of unequal length", matrix, { data: [[1, 2], [3]] }, "INPUT_SHAPE", /ragged/],
    ["a list among numbers", matrix, { data: [[1, [2]]] }, "INPUT_TYPE", /element 1: a list/],
    [
      "a string among floats",
      matrix,
      { data: [["one", 2]] },
      "INPUT_TYPE",
      /element 0: "one", expected float32/,
    ],
    ["null", matrix, { data: [[null, 2]] }, "INPUT_TYPE", /null/],
    [
      "a wrong datatype",
      matrix,
      { inputs: [{ name: "x", shape: [1, 2], datatype: "INT64", data: [1, 2] }] },
      "INPUT_TYPE",
      /datatype INT64, expected FP32/,
    ],
    [
      "too few elements for the shape",
      matrix,
      { inputs: [{ name: "x", shape: [2, 2], data: [1] }] },
      "INPUT_SHAPE",
      /1 elements.*holds 4/,
    ],
    [
      "an input given twice",
      matrix,
      {
        inputs: [
          { name: "x", data: [1, 2] },
          { name: "x", data: [1, 2] },
        ],
      },
      "INPUT_NAME",
      /twice/,
    ],
    [
      "an unknown output",
      matrix,
      { inputs: [{ name: "x", data: [1, 2] }], outputs: [{ name: "q" }] },
      "INPUT_NAME",
      /output 'q'/,
    ],
    [
      "a fraction for an integer",
      table,
      { inputs: { age: [1.5], name: ["a"] } },
      "INPUT_TYPE",
      /1\.5, expected int64/,
    ],
    [
      "a number for a string",
      table,
      { inputs: { age: [1], name: [1] } },
      "INPUT_TYPE",
      /expected a string/,
    ],
    [
      "a string with a NUL",
      table,
      { inputs: { age: [1], name: ["a\0b"] } },
      "INPUT_TYPE",
      /element 0: "a\\u0000b", expected a string .* without a NUL/,
    ],
    [
      "half a character",
      table,
      { inputs: { age: [1], name: ["\ud800"] } },
      "INPUT_TYPE",
      /expected a string of Unicode characters/,
    ],
    ["a list for several inputs", table, { data: [1] }, "INPUT_FORM", /one input/],
    [
      "__proto__ as an input",
      matrix,
      JSON.parse('{"inputs": {"__proto__": [1, 2]}}'),
      "INPUT_NAME",
      /__proto__/,
    ],
  ];
  for (const [name, signature, body, code, message] of refused) {
    test(`${name} is refused with ${code}`, () => {
      assert.throws(
        () => decode(signature, body),
        (error) => {
          assert.ok(error instanceof ScoringError, String(error));
          assert.equal(error.code, code);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  test("nesting beyond any tensor is refused before the stack is", () => {
    const deep = `{"data": ${"[".repeat(100_000)}1${"]".repeat(100_000)}}`;
    assert.throws(() => decodeText(matrix, deep), ScoringError);
  });

  test("the special numbers are taken as the words they are answered with", () => {
    assert.deepEqual(feedsOf(matrix, { data: [["NaN", "-Infinity"]] }), {
      x: { dims: [1, 2], data: [Number.NaN, Number.NEGATIVE_INFINITY] },
    });
  });
});
