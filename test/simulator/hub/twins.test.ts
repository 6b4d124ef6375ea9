import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { JsonObject } from "../../../src/simulator/hub/merge-patch.ts";
import { openTwins, renderTwin } from "../../../src/simulator/hub/twins.ts";
import { tempFolder } from "../../support/temp-folder.ts";

let deep: JsonObject = { end: 1 };
for (let level = 0; level < 11; level += 1) deep = { level: deep };

suite("twins", () => {
  test("patches merge, null removes, versions count", (context) => {
    const twins = openTwins(tempFolder(context));
    twins.patch("m", "desired", { a: { b: 1, c: 2 }, list: [1, 2] });
    const patched = twins.patch("m", "desired", { a: { b: null, d: 3 }, list: [3] });
    assert.deepEqual(patched, { ok: true, version: 3 });
    assert.deepEqual(twins.of("m").desired.properties, { a: { c: 2, d: 3 }, list: [3] });
    assert.deepEqual(JSON.parse(renderTwin(twins.of("m"))), {
      desired: { a: { c: 2, d: 3 }, list: [3], $version: 3 },
      reported: { $version: 1 },
    });
  });

  test("it is found again by the next start", (context) => {
    const folder = tempFolder(context);
    openTwins(folder).patch("a/b", "reported", { x: "y" });
    assert.deepEqual(openTwins(folder).of("a/b").reported, { properties: { x: "y" }, version: 2 });
  });

  for (const [name, patch, fault] of [
    ["a text over 4 KiB", { a: "x".repeat(4097) }, /4097 bytes, 4096/],
    ["more than ten levels", deep, /deeper than 10/],
    ["a number beyond 2^52", { a: 2 ** 53 }, /2\^52/],
    ["a null in a list", { a: [1, null] }, /null/],
    ["a key with a dot", { "a.b": 1 }, /no allowed key/],
    ["a key with a space", { "a b": 1 }, /no allowed key/],
    ["a key with a dollar sign", { $a: 1 }, /no allowed key/],
    [
      "more than 32 KB in sum",
      Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`k${n}`, "x".repeat(4000)])),
      /36018 bytes, 32768/,
    ],
  ] as const satisfies readonly (readonly [string, JsonObject, RegExp])[]) {
    test(`${name} is refused, and nothing changes`, (context) => {
      const twins = openTwins(tempFolder(context));
      const before = twins.of("m");
      const patched = twins.patch("m", "reported", patch);
      assert.match(patched.ok ? "taken" : patched.fault, fault);
      assert.equal(twins.of("m"), before);
    });
  }
});
