import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { createSession } from "../../../src/model/onnxruntime.ts";
import { batchWorkspace, jobArgs, linesOf, reportOf } from "../../support/batch.ts";
import { edgewright } from "../../support/edgewright.ts";
import { SHARED, withoutShared } from "../../support/repository.ts";

const IRIS = {
  inputs: [{ name: "input", type: "float32", shape: ["batch_size", 4] }],
  outputs: [{ name: "output", type: "float32", shape: ["batch_size", 3] }],
} as const;

/** Row n of the data that all these tests score. */
function rowOf(index: number): readonly number[] {
  return [0, 1, 2, 3].map((column) => Math.fround(((index * 31 + column * 7) % 97) / 10));
}

function npyOf(rows: number): Uint8Array {
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, 4), }`.padEnd(117);
  const start = Buffer.alloc(10);
  start.write("\x93NUMPY\x01\x00", "latin1");
  start.writeUInt16LE(118, 8);
  const data = Float32Array.from(Array.from({ length: rows }, (_, row) => rowOf(row)).flat());
  return Buffer.concat([start, Buffer.from(`${head}\n`), Buffer.from(data.buffer)]);
}

async function expected(rows: number): Promise<readonly (readonly number[])[]> {
  const session = await createSession(`${SHARED}models/iris_pytorch.onnx`, IRIS, { threads: 1 });
  const answers = Array.from({ length: rows }, (_, row) => {
    const data = Float32Array.from(rowOf(row));
    const [output] = session.run({ input: { type: "float32", dims: [1, 4], data } }, ["output"]);
    return Array.from((output?.data ?? []) as Float32Array);
  });
  session.release();
  return answers;
}

function workspace(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>) {
  const model = `model: {name: iris, version: 1, path: "${SHARED}models/iris_pytorch.onnx"}`;
  const settings = {
    error_threshold: "-1",
    output_file_name: "rows",
    max_concurrency_per_instance: "2",
  };
  return batchWorkspace(t, { deployment: model, settings, files });
}

function near(actual: readonly number[], wanted: readonly number[] | undefined): void {
  for (const [index, value] of (wanted ?? []).entries()) {
    assert.ok(
      Math.abs((actual[index] ?? Number.NaN) - value) < 1e-4,
      `${actual.join()} is not ${wanted?.join()}`,
    );
  }
}

void suite("batch without a script", { skip: withoutShared }, () => {
  void test("JSON lines may begin with a byte order mark; a bare NaN is named with its line and what to write", async (t) => {
    const good = '{"input": ["NaN", 1, "-Infinity", 2]}';
    const { folder, job } = workspace(t, {
      "marked.jsonl": `\uFEFF${good}\n${good}\n`,
      "bare.jsonl": `${good}\n{"input": [1, NaN, "a \\" NaN", 2]}\n[1, 2, 3, -Infinity]\n`,
    });
    const { totals } = await job("out", "--format=jsonl");
    assert.deepEqual([totals.rows, totals.failed], [3, 1]);
    const told = reportOf(folder, "out").errors.map(({ row, message }) => [row, message]);
    assert.deepEqual(told, [
      [1, 'NaN is no JSON: write "NaN", in quotes'],
      [2, '-Infinity is no JSON: write "-Infinity", in quotes'],
    ]);
  });

  void test("the same rows as CSV, JSON lines, NPY and bare bytes give the same answers", async (t) => {
    const rows = Array.from({ length: 20 }, (_, index) => rowOf(index));
    const { folder, job } = workspace(t, {
      "order.csv": rows.map((row) => row.join(",")).join("\n"),
      "named.csv": `input_3,note,input_0,input_1,input_2\r\n${rows.map(([a, b, c, d]) => `${d},"x, ""y""\n",${a},${b},${c}`).join("\r\n")}\r\n`,
      "lines.jsonl": rows.map((row) => `${JSON.stringify({ input: row })}\n`).join(""),
      "bare.jsonl": rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
      "array.npy": npyOf(20),
      "bytes.bin": Buffer.from(Float32Array.from(rows.flat()).buffer),
    });
    const { code, totals } = await job("out", "--format=jsonl");
    assert.deepEqual([code, totals.files, totals.failed, totals.rows], [0, 6, 0, 120]);
    const wanted = await expected(20);
    const lines = linesOf(folder, "out/rows").map(
      (line) => JSON.parse(line) as { file: string; row: number; output: number[] },
    );
    for (const { row, output } of lines) near(output, wanted[row]);
    const keys = new Set(lines.map(({ file, row }) => `${file} ${row}`));
    assert.equal(keys.size, 120);
  });

  void test("a broken row is named, those beside it are scored, and its file fails once", async (t) => {
    const { folder, job } = workspace(t, {
      "a.csv": "1,2,3,4\n1,2,3\n1,2,x,4\n5,6,7,8\n",
      "b.npy": "no array",
      "c.csv": "1,2,3,4\n",
      "d.csv": "1,2,3,4\r5,6,7,8\r",
    });
    const { code, totals } = await job("out", "--format=csv");
    assert.deepEqual(
      [code, totals.files, totals.failed, totals.succeeded, totals.rows],
      [0, 4, 3, 1, 3],
    );
    const { errors } = reportOf(folder, "out");
    assert.deepEqual(
      errors.map(({ files, row }) => [files[0], row]),
      [
        ["a.csv", 1],
        ["a.csv", 2],
        ["b.npy", undefined],
        ["d.csv", 0],
      ],
    );
    const [head, ...lines] = readFileSync(join(folder, "out/rows"), "utf8").trim().split("\n");
    assert.equal(head, "file,row,output_0,output_1,output_2");
    assert.deepEqual(
      lines.map((line) => line.split(",").slice(0, 2).join()),
      ["a.csv,0", "a.csv,3", "c.csv,0"],
    );
  });

  void test("what is wrong with a file is said by its own row, head and shape", async (t) => {
    const row = "1,2,3,4\n";
    const npy = Buffer.from(npyOf(3));
    const headed = (from: string, to: string): Buffer =>
      Buffer.from(npy.toString("latin1").replace(from, to), "latin1");
    const { folder, job } = workspace(t, {
      "element.csv": `${row.repeat(3)}x,2,3,4\n`,
      "element.jsonl": '[1,2,3,4]\n[1,2,3,4]\n[1,"x",3,4]\n',
      "eight.npy": npy.subarray(0, 8),
      "cut.npy": npy.subarray(0, 60),
      "big.npy": headed("<f4", ">f4"),
      "minus.npy": headed("(3, 4)", "(-1,4)"),
      "twice.csv": `input_0,input_0,input_1,input_2\n${row}`,
      "more.csv": `input_0,input_1,input_2,input_3,input_3\n1,${row}`,
    });
    const { totals } = await job("out", "--format=csv");
    assert.deepEqual([totals.failed, totals.rows], [8, 5]);
    const told = reportOf(folder, "out").errors.map(
      ({ files, row: at, message }) => `${files[0]} ${at ?? ""}: ${message}`,
    );
    assert.deepEqual(told, [
      "big.npy : the array's type is >f4, expected little-endian numbers, such as <f4",
      "cut.npy : the file ends within its head",
      "eight.npy : the file ends within its head",
      "element.csv 3: input 'input', element 0: \"x\", expected float32",
      "element.jsonl 2: input 'input', element 1: \"x\", expected float32",
      "minus.npy : the array is [-1,4], and no array has such a shape",
      "more.csv : the head names 'input_3' twice",
      "twice.csv : the head names 'input_0' twice",
    ]);
  });

  void test("a file whose name is no UTF-8 fails by that, and is warned of", async (t) => {
    const { folder, job } = workspace(t, { "a.csv": "1,2,3,4\n" });
    const name = Buffer.concat([
      Buffer.from(`${folder}/in/b`),
      Buffer.of(0xff),
      Buffer.from(".csv"),
    ]);
    writeFileSync(name, "1,2,3,4\n");
    const { stderr } = await edgewright(jobArgs(folder, "out", ["--format=csv"]));
    assert.match(stderr, /b\uFFFD\.csv is no UTF-8 by name/);
    const { errors, totals } = reportOf(folder, "out");
    assert.deepEqual([totals.succeeded, totals.failed], [1, 1]);
    assert.match(errors[0]?.message ?? "", /its name is no UTF-8/);
    assert.equal((await job("out", "--format=csv")).code, 0);
  });

  void test("good rows beside a bad one are delivered by the rule of the threshold, also of an only file", async (t) => {
    const { folder, job } = workspace(t, { "a.csv": "1,2,3,4\n1,2,3\n5,6,7,8\n" });
    const over = await job("out", "--format=csv", "--error-threshold=0");
    assert.deepEqual([over.code, over.codes], [3, ["BATCH_THRESHOLD"]]);
    const { code, totals } = await job("out", "--format=csv", "--error-threshold=5");
    assert.deepEqual([code, totals.succeeded, totals.failed, totals.rows], [0, 0, 1, 2]);
    const rows = linesOf(folder, "out/rows").map((line) => line.split(",").slice(0, 2).join());
    assert.deepEqual(rows, ["a.csv,0", "a.csv,2", "file,row"]);
  });

  void test("42 is where no row of any file was scored, in words that name no run()", async (t) => {
    const { job } = workspace(t, { "a.csv": "1,2,3\n", "b.npy": "no array" });
    const { code, codes, messages } = await job("out", "--format=csv");
    assert.deepEqual([code, codes], [42, ["BATCH_NOTHING"]]);
    assert.deepEqual(messages, ["no item succeeded: not one row came of the input"]);
  });

  void test("a file of many parts keeps its order and its row numbers", async (t) => {
    const count = 250_000;
    const { folder, job } = workspace(t, { "large.npy": npyOf(count) });
    const csv = Array.from({ length: count }, (_, index) =>
      rowOf(index)
        .map((value) => value.toFixed(7))
        .join(","),
    );
    writeFileSync(join(folder, "in/large.csv"), `${csv.join("\n")}\n`);
    const { code, totals } = await job("out", "--format=npy");
    assert.deepEqual([code, totals.files, totals.rows], [0, 2, 2 * count]);
    assert.ok(totals.miniBatches > 4);
    const bytes = readFileSync(join(folder, "out/rows"));
    const record = 256 + 8 + 12;
    const start = bytes.length - 2 * count * record;
    assert.match(bytes.toString("latin1", 0, start), /'row', '<u8'.*'shape': \(500000,\)/);
    const wanted = await expected(97);
    for (let index = 0; index < 2 * count; index += 1) {
      const at = start + index * record;
      const row = index % count;
      assert.equal(Number(bytes.readBigUInt64LE(at + 256)), row);
      if (index % 5000 !== 0) continue;
      const name = bytes.toString("utf8", at, at + 10).replaceAll("\0", "");
      assert.equal(name, index < count ? "large.csv" : "large.npy");
      near(
        [0, 4, 8].map((offset) => bytes.readFloatLE(at + 264 + offset)),
        wanted[row % 97],
      );
    }
  });

  void test("a model whose rows have no fixed size asks for a script", async (t) => {
    const { job } = batchWorkspace(t, {
      deployment: `model: {name: s, version: 1, path: "${SHARED}models/superres_pp.onnx"}`,
      files: { "a.bin": "x" },
    });
    const { code, codes } = await job("out");
    assert.equal(code, 1);
    assert.ok(codes.includes("BATCH_MODEL") || codes.some((name) => name.startsWith("MODEL_")));
  });
});
