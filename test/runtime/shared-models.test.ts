import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { float16ToNumber } from "../../src/core/tensors/float16.ts";
import type { Signature } from "../../src/core/tensors/signature.ts";
import { allocate, elementCount } from "../../src/core/tensors/tensor.ts";
import type { Tensor } from "../../src/core/tensors/tensor.ts";
import { inspectModel } from "../../src/model/inspect.ts";
import { createSession } from "../../src/model/onnxruntime.ts";
import { SHARED, withoutShared } from "../support/repository.ts";
import { score, served } from "../support/served.ts";

/** Numbers that differ from element to element, the same at every run. */
function feedsOf(signature: Signature): Record<string, Tensor> {
  return Object.fromEntries(
    signature.inputs.map(({ name, type, shape }) => {
      const dims = (shape ?? []).map((dim) => (typeof dim === "number" ? dim : 2));
      const data = allocate(type, elementCount(dims)) as { [index: number]: unknown };
      for (let index = 0; index < elementCount(dims); index += 1) {
        if (type === "string") data[index] = `text ${index}`;
        // A half's bits for 1 to 2 are its integers from 0x3c00 on.
        else if (type === "float16") data[index] = 0x3c00 + ((index * 37) % 1024);
        else data[index] = ((index * 37) % 256) / 16;
      }
      return [name, { type, dims, data } as unknown as Tensor];
    }),
  );
}

function valuesOf({ type, data }: Tensor): unknown[] {
  if (type === "float16") return Array.from(data as Uint16Array, float16ToNumber);
  return Array.from(data as ArrayLike<unknown>, (value) =>
    typeof value === "bigint" ? Number(value) : value,
  );
}

suite("the shared models", { skip: withoutShared }, () => {
  const files = withoutShared
    ? []
    : readdirSync(`${SHARED}models`).filter((name) => name.endsWith(".onnx"));
  for (const file of files.filter((name) => name !== "superres_pp.onnx")) {
    test(`${file} answers with what ONNX Runtime gives for the same input`, async () => {
      const path = `${SHARED}models/${file}`;
      const { inspection } = await inspectModel(path);
      assert.ok(inspection);
      const { signature } = inspection;
      const feeds = feedsOf(signature);
      const names = signature.outputs.map((output) => output.name);
      const session = await createSession(path, signature, { threads: 1 });
      const truth = session.run(feeds, names);
      session.release();

      const running = await served({ blue: { path } });
      try {
        const inputs = Object.entries(feeds).map(([name, tensor]) => {
          return { name, shape: tensor.dims, data: valuesOf(tensor) };
        });
        const { status, body } = await score(running.url, { inputs });
        assert.equal(status, 200, JSON.stringify(body).slice(0, 500));
        const outputs = body["outputs"] as { name: string; shape: number[]; data: unknown[] }[];
        assert.deepEqual(
          outputs.map(({ name, shape }) => ({ name, shape })),
          truth.map((tensor, index) => ({ name: names[index], shape: [...tensor.dims] })),
        );
        for (const [index, tensor] of truth.entries()) {
          const values = outputs[index]?.data ?? [];
          // float32 is written with the fewest digits that read back as the same float32.
          const read =
            tensor.type === "float32" ? [...Float32Array.from(values as number[])] : values;
          assert.deepEqual(read, valuesOf(tensor));
        }
      } finally {
        await running.stop();
      }
    });
  }

  test("the handwritten 8 is read as an 8 in each JSON form", async () => {
    const pixels = readFileSync(`${SHARED}inputs/mnist_28.csv`, "utf8")
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    assert.equal(pixels.length, 784);
    const nested = [
      [Array.from({ length: 28 }, (_, row) => pixels.slice(row * 28, row * 28 + 28))],
    ];
    const running = await served({ blue: { path: `${SHARED}models/mnist.onnx` } });
    try {
      const forms: readonly unknown[] = [
        { inputs: [{ name: "Input3", shape: [1, 1, 28, 28], datatype: "FP32", data: pixels }] },
        { input_data: nested },
        { inputs: { Input3: pixels } },
        { instances: nested },
        { data: nested },
      ];
      const answers: number[][] = [];
      for (const form of forms) {
        const { status, body } = await score(running.url, form);
        assert.equal(status, 200, JSON.stringify(body));
        const numbers = JSON.stringify(body["predictions"] ?? body["outputs"]).match(/-?\d+\.\d+/g);
        answers.push((numbers ?? []).map(Number));
      }
      for (const answer of answers) {
        assert.deepEqual(answer, answers[0]);
        assert.equal(answer.length, 10);
        assert.equal(answer.indexOf(Math.max(...answer)), 8);
        assert.ok(Math.abs((answer[8] ?? 0) - 6080.63) < 0.01);
      }
    } finally {
      await running.stop();
    }
  });

  test("logreg_iris.onnx answers its ZipMap as one object a row", async () => {
    const running = await served({ blue: { path: `${SHARED}models/logreg_iris.onnx` } });
    try {
      const { body } = await score(running.url, {
        data: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      });
      const { label, probabilities } = body["outputs"] as {
        label: number[];
        probabilities: Record<string, number>[];
      };
      assert.equal(label.length, 3);
      for (const row of probabilities) {
        assert.deepEqual(Object.keys(row), ["0", "1", "2"]);
        assert.ok(Math.abs(Object.values(row).reduce((sum, value) => sum + value, 0) - 1) < 1e-5);
      }
    } finally {
      await running.stop();
    }
  });
});
