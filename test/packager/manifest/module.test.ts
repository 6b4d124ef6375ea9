import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { BYTECODE_FOLDER } from "../../../src/core/bytecode-folder.ts";
import type { JsonObject } from "../../../src/packager/manifest/json.ts";
import { moduleEntry } from "../../../src/packager/manifest/module.ts";
import type { ResolvedDeployment } from "../../../src/spec/resolved.ts";
import { resolvedDeployment, resolvedEndpoint } from "../../support/resolved.ts";

function tmpfsOf(deployment: ResolvedDeployment): JsonObject {
  const entry = moduleEntry(resolvedEndpoint("test", [deployment]), {
    image: "test:1",
    version: "1.0",
    template: { HostConfig: { ReadonlyRootfs: true, Tmpfs: { "/tmp": "rw" } } },
  });
  const { createOptions } = entry["settings"] as { createOptions: string };
  return (JSON.parse(createOptions) as { HostConfig: { Tmpfs: JsonObject } }).HostConfig.Tmpfs;
}

void suite("the module's entry", () => {
  void test("gives scripts a place for bytecode, in memory, and nobody else", () => {
    const script = { directory: "/code", path: "/code/score.py" };
    assert.deepEqual(tmpfsOf(resolvedDeployment("blue", {})), { "/tmp": "rw" });
    const scripted = tmpfsOf(resolvedDeployment("blue", { script }));
    assert.deepEqual(Object.keys(scripted), ["/tmp", BYTECODE_FOLDER]);
    assert.match(scripted[BYTECODE_FOLDER] as string, /^rw,noexec,.*uid=10001,gid=10001$/);
  });
});
