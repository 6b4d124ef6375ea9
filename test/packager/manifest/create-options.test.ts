import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import type { ResolvedModule } from "../../../src/spec/resolved.ts";
import { createOptions } from "../../../src/packager/manifest/create-options.ts";
import type { JsonObject } from "../../../src/packager/manifest/json.ts";
import { moduleOf } from "../support/endpoints.ts";
import { REPOSITORY } from "../support/repository.ts";

const template = JSON.parse(
  await readFile(`${REPOSITORY}/module-template/create-options.json`, "utf8"),
) as JsonObject;

function options(over: Partial<ResolvedModule>): Record<string, never> {
  return createOptions(moduleOf(over), template) as Record<string, never>;
}

suite("createOptions", () => {
  const cases: [string, Partial<ResolvedModule>, Record<string, unknown>][] = [
    ["CPUs become NanoCpus", { cpus: 1.5 }, { NanoCpus: 1_500_000_000 }],
    ["memory is also the limit with swap", { memoryBytes: 1e8 }, { Memory: 1e8, MemorySwap: 1e8 }],
    [
      "a period of 20 ms gets its quota and no NanoCpus",
      { cpus: 0.5, cpuPeriodMs: 20 },
      { CpuPeriod: 20_000, CpuQuota: 10_000, NanoCpus: undefined },
    ],
    [
      "no limits are no fields",
      { cpus: null, memoryBytes: null },
      { NanoCpus: undefined, Memory: undefined, MemorySwap: undefined },
    ],
    ["a volume is a bind", { volume: { name: "box", path: "/data" } }, { Binds: ["box:/data"] }],
    ["no port is published by itself", {}, { PortBindings: undefined, Binds: undefined }],
    [
      "published ports, two for one",
      { ports: { "8080": 5001, "8081": 5001 } },
      { PortBindings: { "5001/tcp": [{ HostPort: "8080" }, { HostPort: "8081" }] } },
    ],
  ];
  for (const [name, module, expected] of cases) {
    test(name, () => {
      const { HostConfig: host } = options(module) as unknown as Record<string, JsonObject>;
      for (const [key, value] of Object.entries(expected))
        assert.deepEqual(host?.[key], value, key);
    });
  }

  test("every module is shut in", () => {
    const { HostConfig: host } = options({}) as unknown as Record<string, JsonObject>;
    assert.equal(host?.["ReadonlyRootfs"], true);
    assert.deepEqual(host?.["CapDrop"], ["ALL"]);
    assert.deepEqual(host?.["SecurityOpt"], ["no-new-privileges"]);
    assert.equal(typeof host?.["PidsLimit"], "number");
    assert.deepEqual(Object.keys(host?.["Tmpfs"] ?? {}), ["/tmp"]);
    assert.ok("LogConfig" in (host ?? {}));
  });

  test("variables that are no part of the image stand in Env, and only they", () => {
    const env = { EDGEWRIGHT_KEY_HASHES: "ab,cd", OTHER: "x=y" };
    const { Env: variables } = createOptions(moduleOf({ env: { SITE: "a" } }), template, env);
    assert.deepEqual(variables, ["EDGEWRIGHT_KEY_HASHES=ab,cd", "OTHER=x=y"]);
    assert.ok(!("Env" in options({ env: { SITE: "a" } })));
  });

  test("the template is not changed by what is merged into it", () => {
    const before = JSON.stringify(template);
    options({ ports: { "1": 2 } });
    assert.equal(JSON.stringify(template), before);
  });
});
