import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { outputPaths } from "../../../src/packager/output/output-paths.ts";
import { endpoint } from "../support/endpoints.ts";

const places = { workingFolder: "/here", specFolder: "/spec" };

suite("outputPaths", () => {
  for (const [file, image, manifest] of [
    ["/out/a.tar", "/out/a.tar", "/out/a.deployment.json"],
    ["a.b.tar", "/here/a.b.tar", "/here/a.b.deployment.json"],
    ["a", "/here/a", "/here/a.deployment.json"],
  ] as const) {
    test(`archive:${file} has its manifest at ${manifest}`, () => {
      assert.deepEqual(outputPaths(endpoint(), { ...places, output: { kind: "archive", file } }), {
        image,
        manifest,
        record: manifest.replace("deployment", "build"),
        sbom: manifest.replace("deployment", "cdx"),
        lock: "/spec/image.lock.json",
      });
    });
  }

  test("docker has its manifest in the current folder, called after the endpoint", () => {
    assert.deepEqual(outputPaths(endpoint(), { ...places, output: { kind: "docker" } }), {
      manifest: "/here/Pump-Monitor.deployment.json",
      record: "/here/Pump-Monitor.build.json",
      sbom: "/here/Pump-Monitor.cdx.json",
      lock: "/spec/image.lock.json",
    });
  });
});
