import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";

import { edgewright } from "../support/edgewright.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";

suite("the outputs of a build", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-outputs-"));
  after(() => rmSync(folder, { recursive: true }));
  const spec = join(folder, "endpoint.yml");
  const model = join(folder, "double.onnx");
  writeFileSync(spec, "name: kept\ndeployments: {blue: {model: {path: double.onnx}}}\n");
  copyFileSync(`${FIXTURE_MODELS}double.onnx`, model);

  for (const input of [spec, model]) {
    test(`never take the place of ${input.slice(folder.length + 1)}`, async () => {
      const before = readFileSync(input);
      const { code, stderr } = await edgewright(["build", spec, "-o", `archive:${input}`]);
      assert.equal(code, 1);
      assert.match(stderr, /BUILD_OUTPUT.*is there already, and is no image archive/);
      assert.deepEqual(readFileSync(input), before);
      assert.deepEqual(readdirSync(folder).toSorted(), ["double.onnx", "endpoint.yml"]);
    });
  }

  test("neither does a base that is saved", async () => {
    const before = readFileSync(spec);
    const { code, stderr } = await edgewright(["base", "save", "assembled", "-o", spec]);
    assert.equal(code, 1);
    assert.match(stderr, /BUILD_OUTPUT.*is there already, and is no image archive/);
    assert.deepEqual(readFileSync(spec), before);
  });

  for (const [image, message, hint] of [
    ["", /"" names no image/, /a tar, a layout folder/],
    ["docker-daemon:", /"docker-daemon:" names no image/, /docker-daemon:REF/],
    ["/dev/null", /\/dev\/null is neither a file nor a folder/, /a tar/],
    ["docker://debian:12", /There is no image/, /skopeo copy docker:\/\/debian:12 oci-archive:/],
  ] as const) {
    test(`verify of "${image}" says what to name`, async () => {
      const { code, stderr } = await edgewright(["verify", image]);
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.match(stderr, hint);
    });
  }

  test("a folder in the place of the archive is said with its path", async () => {
    mkdirSync(join(folder, "taken.tar"));
    const { code, stderr } = await edgewright(["build", spec, "-o", `archive:${folder}/taken.tar`]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`BUILD_OUTPUT  ${folder}/taken.tar is a folder.`), stderr);
    rmdirSync(join(folder, "taken.tar"));
  });
});
