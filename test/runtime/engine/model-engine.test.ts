import assert from "node:assert/strict";
import { before, suite, test } from "node:test";

import { inspectModel } from "../../../src/model/inspect.ts";
import { createModelEngine } from "../../../src/runtime/engine/model-engine.ts";
import type { ModelEngine } from "../../../src/runtime/engine/model-engine.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";

async function engineOf(file: string): Promise<ModelEngine> {
  const path = `${FIXTURE_MODELS}${file}`;
  const { inspection } = await inspectModel(path);
  assert.ok(inspection);
  const { signature } = inspection;
  return createModelEngine({ name: "m", version: "1", path, signature, threads: 1 });
}

const ask = (body: unknown) => ({
  protocol: { kind: "score" as const },
  headers: { "content-type": "application/json" },
  body: Buffer.from(JSON.stringify(body)),
});

function answers(engine: ModelEngine, bodies: readonly unknown[], maxRows: number) {
  return engine.scoreAll(bodies.map(ask), maxRows).map(({ status, body, batch }) => {
    return { status, batch, text: Buffer.from(body).toString() };
  });
}

suite("several requests at once", () => {
  let engine: ModelEngine;
  before(async () => {
    engine = await engineOf("double.onnx");
  });
  const rows = (from: number, count: number) => ({
    instances: Array.from({ length: count }, (_, row) => [from + row, 0, 1]),
  });
  const doubled = (from: number, count: number): string => {
    const predictions = Array.from({ length: count }, (_, row) => [2 * (from + row), 0, 2]);
    return JSON.stringify({ predictions });
  };

  test("they run as one, and each gets its own rows back", () => {
    assert.deepEqual(answers(engine, [rows(1, 1), rows(10, 3), rows(50, 2)], 64), [
      { status: 200, batch: 3, text: doubled(1, 1) },
      { status: 200, batch: 3, text: doubled(10, 3) },
      { status: 200, batch: 3, text: doubled(50, 2) },
    ]);
  });

  test("a run takes no more rows than it may, and a larger request runs alone", () => {
    const batches = answers(engine, [rows(1, 2), rows(3, 2), rows(5, 1), rows(6, 9)], 4);
    assert.deepEqual(
      batches.map(({ batch }) => batch),
      [2, 2, 1, 1],
    );
    assert.equal(batches[3]?.text, doubled(6, 9));
  });

  test("where batches gain nothing each runs alone", () => {
    const batches = answers(engine, [rows(1, 1), rows(2, 1)], 1);
    assert.deepEqual(
      batches.map(({ batch }) => batch),
      [1, 1],
    );
  });

  test("a bad request among good ones is told so, and spoils none", () => {
    const [first, bad, last] = answers(engine, [rows(1, 1), { data: "x" }, rows(2, 1)], 64);
    assert.equal(bad?.status, 400);
    assert.equal(first?.text, doubled(1, 1));
    assert.equal(last?.text, doubled(2, 1));
  });

  test("where the run together fails each is asked alone, and only the guilty one fails", async () => {
    const lookup = await engineOf("lookup.onnx");
    const { inspection } = await inspectModel(`${FIXTURE_MODELS}lookup.onnx`);
    const name = inspection?.signature.inputs[0]?.name ?? "";
    const asked = [0, 99, 1].map((index) => ({ inputs: { [name]: [index] } }));
    assert.deepEqual(
      answers(lookup, asked, 64).map(({ status }) => status),
      [200, 400, 200],
    );
  });

  test("requests of different forms that run together are each answered in their own", () => {
    const oip = { inputs: [{ name: "x", shape: [1, 3], datatype: "FP32", data: [1, 2, 3] }] };
    const [a, b] = answers(engine, [oip, { data: [[4, 5, 6]] }], 64);
    assert.match(
      a?.text ?? "",
      /"outputs":\[\{"name":"y","shape":\[1,3\],"datatype":"FP32","data":\[2,4,6\]\}\]/,
    );
    assert.equal(b?.text, '{"outputs":{"y":[[8,10,12]]}}');
  });
});
