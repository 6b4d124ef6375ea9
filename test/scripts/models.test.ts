/** Are the committed models what their script writes, and do they compute what they say? */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fixtureFiles } from "../../scripts/onnx/fixtures/files.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1";
const { InferenceSession, Tensor } = await import("onnxruntime-node");

type OrtTensor = InstanceType<typeof Tensor>;
type Values = Readonly<Record<string, OrtTensor>>;

const FOLDER = fileURLToPath(new URL("../../../test/fixtures/models/", import.meta.url));

function open(name: string) {
  return InferenceSession.create(`${FOLDER}${name}.onnx`, {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
}

async function run(name: string, feeds: Values, fetches?: readonly string[]): Promise<Values> {
  const session = await open(name);
  const results = await session.run(feeds, fetches ?? session.outputNames);
  await session.release();
  return results;
}

function floats(dims: readonly number[], ...values: readonly number[]): OrtTensor {
  return new Tensor("float32", Float32Array.from(values), dims);
}

function int64s(...values: readonly bigint[]): OrtTensor {
  return new Tensor("int64", BigInt64Array.from(values), [values.length]);
}

/**
 * On Node 24 ONNX Runtime 1.30 refuses its own float16 tensors (microsoft/onnxruntime#32323), but it
 * takes an object that looks like one, on every version of Node.
 */
function float16(dims: readonly number[], ...bits: readonly number[]): OrtTensor {
  return { type: "float16", dims, data: Uint16Array.from(bits), location: "cpu" } as OrtTensor;
}

/** Dimensions and elements; float16 as its bits, since Node 24 gives it as a Float16Array. */
function shown(value: OrtTensor | undefined): { dims: readonly number[]; data: unknown[] } {
  assert.ok(value !== undefined);
  const { type, dims, data } = value;
  if (type !== "float16") return { dims, data: Array.from(data as ArrayLike<unknown>) };
  const { buffer, byteOffset, length } = data as Uint16Array;
  return { dims, data: [...new Uint16Array(buffer, byteOffset, length)] };
}

suite("the committed models", () => {
  test("are what the script writes, byte for byte, and nothing else", () => {
    const files = fixtureFiles();
    assert.deepEqual(readdirSync(FOLDER).toSorted(), [...files.keys()].toSorted());
    for (const [name, bytes] of files) {
      assert.ok(Buffer.from(bytes).equals(readFileSync(`${FOLDER}${name}`)), name);
      assert.ok(bytes.byteLength < 2048, name);
    }
  });
});

suite("models of tensors", () => {
  test("double gives 2x for every batch", async () => {
    const { y } = await run("double", { x: floats([2, 3], 1, 2, 3, -4, 0.5, 0) });
    assert.deepEqual(shown(y), { dims: [2, 3], data: [2, 4, 6, -8, 1, 0] });
  });

  test("double-fixed takes one row and no more", async () => {
    const { y } = await run("double-fixed", { x: floats([1, 3], 1, 2, 3) });
    assert.deepEqual(shown(y), { dims: [1, 3], data: [2, 4, 6] });
    await assert.rejects(run("double-fixed", { x: floats([2, 3], 1, 2, 3, 4, 5, 6) }));
  });

  test("double-unnamed takes any matrix", async () => {
    const { y } = await run("double-unnamed", { x: floats([1, 2], 1, 2) });
    assert.deepEqual(shown(y), { dims: [1, 2], data: [2, 4] });
  });

  test("double-overridable needs no value for its weight", async () => {
    assert.deepEqual((await open("double-overridable")).inputNames, ["x"]);
    const { y } = await run("double-overridable", { x: floats([1, 3], 1, 2, 3) });
    assert.deepEqual(shown(y), { dims: [1, 3], data: [2, 4, 6] });
  });

  test("lookup fails when it runs, for an index outside of its table", async () => {
    const { value } = await run("lookup", { index: int64s(2n, 0n) });
    assert.deepEqual(shown(value), { dims: [2], data: [30, 10] });
    await assert.rejects(run("lookup", { index: int64s(0n, 3n) }), /out of data bounds/u);
  });

  test("scalar takes and gives a tensor without dimensions", async () => {
    const { y } = await run("scalar", { x: floats([], 21) });
    assert.deepEqual(shown(y), { dims: [], data: [42] });
  });

  test("sum-rows takes rows of any length", async () => {
    const { sums } = await run("sum-rows", { x: floats([2, 4], 1, 2, 3, 4, 10, 20, 30, 40) });
    assert.deepEqual(shown(sums), { dims: [2], data: [10, 100] });
  });

  test("two-inputs sums floats and integers apart", async () => {
    const b = int64s(9007199254740993n, 1n);
    const { sum_f: sumF, sum_i: sumI } = await run("two-inputs", { a: floats([2], 1.5, 2), b });
    assert.deepEqual(shown(sumF), { dims: [1], data: [3.5] });
    assert.deepEqual(shown(sumI), { dims: [1], data: [9007199254740994n] });
  });

  test("two-outputs gives 2x and -x", async () => {
    const { doubled, negated } = await run("two-outputs", { x: floats([1, 2], 3, -4) });
    assert.deepEqual(shown(doubled), { dims: [1, 2], data: [6, -8] });
    assert.deepEqual(shown(negated), { dims: [1, 2], data: [-3, 4] });
  });

  test("types gives back each element type unchanged", async () => {
    const feeds: Values = {
      in_float32: floats([1, 2], 0.5, -2),
      in_float64: new Tensor("float64", Float64Array.of(0.1, -1e300), [1, 2]),
      in_float16: float16([1, 2], 0x3c00, 0xc000),
      in_int8: new Tensor("int8", Int8Array.of(-128, 127), [1, 2]),
      in_int16: new Tensor("int16", Int16Array.of(-32768, 32767), [1, 2]),
      in_int32: new Tensor("int32", Int32Array.of(-2147483648, 2147483647), [1, 2]),
      in_int64: new Tensor("int64", BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n), [1, 2]),
      in_uint8: new Tensor("uint8", Uint8Array.of(0, 255), [1, 2]),
      in_uint16: new Tensor("uint16", Uint16Array.of(0, 65535), [1, 2]),
      in_uint32: new Tensor("uint32", Uint32Array.of(0, 4294967295), [1, 2]),
      in_uint64: new Tensor("uint64", BigUint64Array.of(0n, 2n ** 64n - 1n), [1, 2]),
      in_bool: new Tensor("bool", [true, false], [1, 2]),
      in_string: new Tensor("string", ["", "höhe"], [1, 2]),
    };
    const results = await run("types", feeds);
    assert.equal(Object.keys(results).length, 13);
    for (const [name, given] of Object.entries(feeds)) {
      const got = results[name.replace("in_", "out_")];
      assert.equal(got?.type, given.type);
      assert.deepEqual(shown(got), shown(given), name);
    }
  });

  test("external takes its weights from the file beside it", async () => {
    const { y } = await run("external", { x: floats([1, 3], 5, 5, 5) });
    assert.deepEqual(shown(y), { dims: [1, 3], data: [5, 10, 15] });
  });
});

suite("models with outputs that are no tensors", () => {
  const x = floats([2, 3], 0, 1, 0, 0, 1, 3);

  test("the ZipMap models load, and their tensor outputs are right", async () => {
    const ints = await run("zipmap-int", { x }, ["label"]);
    assert.deepEqual(shown(ints["label"]), { dims: [2], data: [20n, 30n] });
    const texts = await run("zipmap-string", { x }, ["label"]);
    assert.deepEqual(shown(texts["label"]), { dims: [2], data: ["dog", "eel"] });
    const kept = await run("zipmap-kept", { x }, ["label", "scores"]);
    assert.deepEqual(shown(kept["label"]), { dims: [2], data: ["dog", "eel"] });
    assert.deepEqual(shown(kept["scores"]), { dims: [2, 3], data: [0, 2, 0, 0, 2, 6] });
    assert.deepEqual((await open("zipmap-of-input")).outputNames, ["probabilities"]);
  });

  for (const name of ["sequence-output", "optional-output"]) {
    test(`${name} gives 2x beside the other output`, async () => {
      const { y } = await run(name, { x }, ["y"]);
      assert.deepEqual(shown(y), { dims: [2, 3], data: [0, 2, 0, 0, 2, 6] });
    });
  }

  for (const [name, output] of [
    ["zipmap-int", "probabilities"],
    ["sequence-only", "rows"],
    ["sequence-output", "rows"],
  ] as const) {
    test(`${output} of ${name} cannot be fetched from JavaScript`, async () => {
      await assert.rejects(run(name, { x }, [output]));
    });
  }
});

suite("models that take time or cannot be loaded", () => {
  test("slow gives 2x", async () => {
    const { y } = await run("slow", { x: floats([1, 2], 1, -2) });
    assert.deepEqual(shown(y), { dims: [1, 2], data: [2, -4] });
  });

  test("slow-on-demand works for as many rounds as it is asked", async () => {
    const session = await open("slow-on-demand");
    const took = async (rounds: bigint): Promise<number> => {
      const feeds = { x: floats([1, 2], 1, -2), rounds: int64s(rounds) };
      const started = process.cpuUsage().user;
      const { y } = (await session.run(feeds)) as Values;
      assert.deepEqual(shown(y), { dims: [1, 2], data: [2, -4] });
      return process.cpuUsage().user - started;
    };
    await took(1n);
    assert.ok((await took(1n)) < (await took(800n)));
  });

  test("custom-op is refused, and the reason names the operator", async () => {
    await assert.rejects(open("custom-op"), /com\.example\.custom:Mystery/u);
  });
});
