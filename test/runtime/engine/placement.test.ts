import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { decidePlacement } from "../../../src/runtime/engine/placement.ts";
import type { Profile } from "../../../src/runtime/engine/profile.ts";

const profileOf = (runMs: number): Profile => ({ runMs, rowMs: {}, maxRows: 1, batching: "" });

suite("placement", () => {
  test("a fast model of the main deployment runs inline, a slow one on workers", () => {
    assert.equal(decidePlacement({ profile: profileOf(0.05), main: true }).placement, "inline");
    assert.equal(decidePlacement({ profile: profileOf(5), main: true }).placement, "worker");
  });

  test("every other deployment runs in a process, however fast", () => {
    assert.equal(decidePlacement({ profile: profileOf(0.05), main: false }).placement, "process");
  });

  test("a model whose time depends on its input is kept off the router's thread", () => {
    const profile = { ...profileOf(0.05), variesWith: "the operator Loop" };
    assert.equal(decidePlacement({ profile, main: true }).placement, "worker");
  });

  test("the spec has the last word", () => {
    const facts = { profile: profileOf(5), main: false } as const;
    for (const override of ["inline", "worker", "process"] as const) {
      assert.equal(decidePlacement({ ...facts, override }).placement, override);
    }
  });

  test("what could not be measured is kept off the router's thread", () => {
    const profile = { ...profileOf(0), fault: "index out of range" };
    assert.equal(decidePlacement({ profile, main: true }).placement, "worker");
  });
});
