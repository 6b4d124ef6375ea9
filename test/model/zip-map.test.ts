import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { parseOnnxFile } from "../../src/model/onnx-file.ts";
import type { OnnxFile } from "../../src/model/onnx-file.ts";
import { removeZipMaps, zipMapsOf } from "../../src/model/zip-map.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";

function parsed(bytes: Uint8Array): OnnxFile {
  const file = parseOnnxFile(bytes);
  assert.ok(file);
  return file;
}

suite("ZipMap", () => {
  for (const name of ["zipmap-int", "zipmap-string", "zipmap-kept", "zipmap-of-input"]) {
    test(`${name}: the map output gives way to its tensor, the others stay`, () => {
      const before = parsed(readFileSync(`${FIXTURE_MODELS}${name}.onnx`));
      const [zipMap] = zipMapsOf(before);
      assert.ok(zipMap);
      assert.ok(zipMap.labels.length > 1);
      const after = parsed(removeZipMaps(readFileSync(`${FIXTURE_MODELS}${name}.onnx`)));
      assert.deepEqual(
        after.nodes.map((node) => node.opType),
        before.nodes.map((node) => node.opType).filter((opType) => opType !== "ZipMap"),
      );
      const names = after.outputs.map((output) => output.name);
      assert.ok(names.includes(zipMap.tensor));
      assert.equal(new Set(names).size, names.length);
      assert.ok(!names.includes(zipMap.output));
    });
  }

  test("a model without one comes back as the same bytes", () => {
    const bytes = readFileSync(`${FIXTURE_MODELS}double.onnx`);
    assert.equal(removeZipMaps(bytes), bytes);
  });
});
