import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { parseAsset, renderAsset } from "../../src/spec/asset.ts";

const names = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,20}$/);

suite("asset references", () => {
  test("what is rendered is parsed back", () => {
    fc.assert(
      fc.property(
        names,
        fc.oneof(names, fc.constant({ label: "latest" as const })),
        (name, version) => {
          assert.deepEqual(parseAsset(renderAsset({ name, version }), "model"), { name, version });
        },
      ),
    );
  });

  for (const text of [
    "net:1",
    "azureml:net",
    "azureml:net:",
    "azureml::1",
    "azureml:net@1",
    "azureml:net:1:2",
    "azureml:../net:1",
    "azureml:net:..",
    "azureml:other/net:1",
    "azureml://registries/r/environments/net/versions/1",
    "",
  ]) {
    test(`${JSON.stringify(text)} is no model`, () => {
      assert.equal(parseAsset(text, "model"), undefined);
    });
  }

  test("no text, however long, takes long", () => {
    const text = `azureml:/${"models/".repeat(100_000)}`;
    const before = process.cpuUsage();
    assert.equal(parseAsset(text, "model"), undefined);
    assert.ok(process.cpuUsage(before).user < 2_000_000);
  });
});
