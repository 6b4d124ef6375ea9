import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Signature } from "../../../src/core/tensors/signature.ts";
import { elementCount } from "../../../src/core/tensors/tensor.ts";
import type { Session } from "../../../src/model/onnxruntime.ts";
import { profileModel } from "../../../src/runtime/engine/profile.ts";

/** A model that doubles its input, on a clock that each run moves. */
function doubling(costMs: (rows: number) => number, mix = false) {
  const signature: Signature = {
    inputs: [{ name: "x", type: "float32", shape: ["batch", 4] }],
    outputs: [{ name: "y", type: "float32", shape: ["batch", 4] }],
  };
  let now = 0;
  const sizes: number[] = [];
  const session: Session = {
    run: (feeds) => {
      const x = feeds["x"];
      assert.ok(x);
      const rows = x.dims[0] ?? 0;
      sizes.push(rows);
      now += costMs(rows);
      const source = x.data as Float32Array;
      const data = source.map((value) => value * 2 + (mix ? (source[0] ?? 0) : 0));
      assert.equal(data.length, elementCount(x.dims));
      return [{ type: "float32", dims: x.dims, data }];
    },
    release: () => undefined,
  };
  return { session, signature, sizes, now: () => now };
}

suite("profile", () => {
  test("where a run costs the same for many rows, rows run together", () => {
    const { session, signature, now } = doubling(() => 2);
    const profile = profileModel(session, signature, { now });
    assert.equal(profile.runMs, 2);
    assert.equal(profile.maxRows, 64);
    assert.deepEqual(profile.rowMs, { 4: 0.5, 16: 0.125, 64: 2 / 64 });
  });

  test("where each row costs the same, they do not", () => {
    const { session, signature, now } = doubling((rows) => rows * 2);
    assert.equal(profileModel(session, signature, { now }).maxRows, 1);
  });

  test("where the rows of a batch change each other, they do not, whatever it would gain", () => {
    const { session, signature, now } = doubling(() => 2, true);
    const profile = profileModel(session, signature, { now });
    assert.equal(profile.maxRows, 1);
    assert.match(profile.batching, /other results/);
  });

  test("where a range is taken over all rows of any size, they do not run together", () => {
    const signature: Signature = {
      inputs: [{ name: "x", type: "float32", shape: ["batch", 4] }],
      outputs: [{ name: "y", type: "float32", shape: ["batch", 4] }],
    };
    let now = 0;
    // Rounds to steps of the whole tensor's range, as dynamic quantisation does.
    const session: Session = {
      run: (feeds) => {
        now += 2;
        const x = feeds["x"];
        assert.ok(x);
        const values = x.data as Float32Array;
        const step = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
        return [
          {
            type: "float32",
            dims: x.dims,
            data: values.map((value) => Math.round(value / step) * step),
          },
        ];
      },
      release: () => undefined,
    };
    assert.match(profileModel(session, signature, { now: () => now }).batching, /other results/);
  });

  test("an operator that is known to look at all rows is enough", () => {
    const { session, signature, now } = doubling(() => 2);
    const profile = profileModel(session, signature, {
      traits: { mixesRows: "DynamicQuantizeLinear" },
      now,
    });
    assert.equal(profile.maxRows, 1);
    assert.match(profile.batching, /DynamicQuantizeLinear/);
  });

  test("open dimensions and control flow make one run say little about the next", () => {
    const { session, signature, now } = doubling(() => 2);
    assert.equal(profileModel(session, signature, { now }).variesWith, undefined);
    assert.match(
      profileModel(session, signature, { traits: { variesInTime: "Loop" }, now }).variesWith ?? "",
      /Loop/,
    );
    const open = {
      ...signature,
      inputs: [{ name: "x", type: "float32" as const, shape: ["batch", "n"] }],
    };
    assert.match(
      profileModel(session, open, { now }).variesWith ?? "",
      /open dimensions of input 'x'/,
    );
  });

  test("a slow model is not tried in batches that take too long", () => {
    const { session, signature, sizes, now } = doubling(() => 150);
    const profile = profileModel(session, signature, { now });
    assert.equal(profile.runMs, 150);
    assert.deepEqual(new Set(sizes), new Set([1]));
  });

  test("a model without a batch axis is measured alone", () => {
    const { session, signature, now } = doubling(() => 2);
    const fixed: Signature = {
      inputs: [{ name: "x", type: "float32", shape: [1, 4] }],
      outputs: signature.outputs,
    };
    assert.match(profileModel(session, fixed, { now }).batching, /no batch axis/);
  });

  test("a model that fails on made-up input is left unmeasured, and says why", () => {
    const { signature, now } = doubling(() => 2);
    const failing: Session = {
      run: () => {
        throw new Error("index 7 is out of range");
      },
      release: () => undefined,
    };
    const profile = profileModel(failing, signature, { now });
    assert.equal(profile.fault, "index 7 is out of range");
    assert.equal(profile.maxRows, 1);
  });
});
