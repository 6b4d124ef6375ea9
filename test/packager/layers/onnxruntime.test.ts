import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { onnxruntimeLayer } from "../../../src/packager/layers/onnxruntime.ts";
import { REPOSITORY } from "../support/repository.ts";

const HOME = "opt/edgewright/node_modules";

suite("onnxruntimeLayer", () => {
  for (const [platform, folder, other] of [
    ["linux/amd64", "linux/x64", "linux/arm64"],
    ["linux/arm64", "linux/arm64", "linux/x64"],
  ] as const) {
    test(`${platform} has its own library and what runs, no other`, async () => {
      const layer = await onnxruntimeLayer(REPOSITORY, platform);
      const paths = (await layer.entries()).map(({ path }) => path);
      const binaries = `${HOME}/onnxruntime-node/bin/napi-v6`;
      assert.ok(paths.includes(`${binaries}/${folder}/libonnxruntime.so.1`));
      assert.ok(paths.includes(`${binaries}/${folder}/onnxruntime_binding.node`));
      assert.ok(paths.includes(`${HOME}/onnxruntime-node/dist/index.js`));
      assert.ok(paths.includes(`${HOME}/onnxruntime-common/dist/cjs/index.js`));
      assert.ok(paths.includes(`${HOME}/onnxruntime-common/dist/cjs/package.json`));
      assert.ok(paths.includes("usr/share/doc/onnxruntime/copyright"));
      for (const path of paths)
        assert.doesNotMatch(path, new RegExp(`\\.map$|\\.d\\.ts$|install|/${other}/`, "u"));
    });
  }
});
