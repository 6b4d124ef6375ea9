import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { isAssetName, latestVersion } from "../../src/core/asset.ts";

suite("isAssetName", () => {
  for (const name of ["net", "my-model-m1", "AzureML-Minimal", "1", "1.10", "a_b", "1.0+build"]) {
    test(`${name} is one`, () => assert.equal(isAssetName(name), true));
  }
  for (const name of ["", ".", "..", ".net", "-x", "a/b", "a\\b", "a b", "a:b", "a\0", "x\n"]) {
    test(`${JSON.stringify(name)} is none`, () => assert.equal(isAssetName(name), false));
  }
});

test("the latest of no version is none, else the highest, numbers as numbers", () => {
  assert.equal(latestVersion([]), undefined);
  assert.equal(latestVersion(["9", "10", "2"]), "10");
  assert.equal(latestVersion(["1.9", "1.10", "1.2"]), "1.10");
});
