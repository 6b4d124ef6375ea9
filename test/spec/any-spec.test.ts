/** Whatever somebody writes, it is read or refused with problems that help; nothing else happens. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { CODES } from "../../src/core/codes.ts";
import { fitToDevice } from "../../src/spec/capacity/limits.ts";
import { loadSpec } from "../../src/spec/load.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };

const ONLINE: Tree = {
  name: "pump-monitor",
  type: "OnlineEndpoint",
  auth_mode: "AMLToken",
  traffic: { blue: 90, green: 10 },
  mirror_traffic: { red: 10 },
  deployments: {
    blue: {
      model: "aml:models/net:1",
      code_reference: { code: { directory: "code" }, scoring_script: "score.py" },
      environment: { docker: { image: "x" }, version: 1 },
      sku: "Standard_FS4_v2",
      scale: { scale_type: "manual", instance_count: 5, minimum: 1, max_instances: 5 },
      request: { request_timeout_ms: 3000, max_queue_wait_ms: 0 },
      environment_variables: { A: 1 },
    },
    green: {
      model: { path: "net.onnx" },
      resource_requirements: { cpu: 1, memory_in_gb: 1.5, gpu: 1 },
      liveness_probe: {},
    },
    red: { model: { local_path: "net.onnx" }, resources: { limits: { cpu: "500m" } } },
  },
  edge: {
    device: { cpus: 8, memory: "8Gi", reserve: { cpus: 0 } },
    ports: { "8080": 5001 },
    outbox: { max_bytes: "1Mi" },
    inputs: ["in"],
    env: { B: true },
  },
};

const BATCH: Tree = {
  name: "nightly-run",
  type: "batch",
  traffic: { blue: 100 },
  deployments: [
    {
      name: "blue",
      model: "azureml:net@latest",
      compute: { target: "azureml:cpu", node_count: 2 },
      batch_settings: {
        partitioning_scheme: { mini_batch_size: 5 },
        output_configuration: { output_action: "AppendRow" },
        retry_settings: { maximum_retries: 1 },
        logging_level: "INFO",
      },
    },
  ],
};

const values: fc.Arbitrary<Tree> = fc.oneof(
  fc.constantFrom<Tree>(
    "__proto__",
    "constructor",
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    "",
    "abc",
    "1",
    "azureml:x",
    "..",
    "a\0b",
  ),
  fc.constantFrom<Tree>([], {}, [[]], { name: [] }, ["x"], { path: "code" }, { "": 1 }),
  fc.string({ maxLength: 40 }),
);
const keys = fc.oneof(
  fc.constantFrom("name", "type", "model", "code", "scale", "settings", "resources", "__proto__"),
  fc.constantFrom(
    "constructor",
    "toString",
    "deployments",
    "compute",
    "environment",
    "a\u001B[31m",
  ),
  fc.string({ maxLength: 8 }),
);

/** One step into a tree per number, then the change. */
type Change = {
  readonly steps: readonly number[];
  readonly value: Tree;
  readonly key?: string | undefined;
};

const changes: fc.Arbitrary<Change> = fc.record({
  steps: fc.array(fc.nat(12), { maxLength: 5 }),
  value: values,
  key: fc.option(keys, { nil: undefined }),
});

function changed(tree: Tree, { steps, value, key }: Change): Tree {
  const [step, ...rest] = steps;
  if (tree === null || typeof tree !== "object") return value;
  const entries = Object.entries(tree);
  const chosen = step === undefined ? undefined : entries[step % entries.length];
  if (chosen === undefined) {
    if (key === undefined || Array.isArray(tree)) return value;
    return Object.fromEntries([...entries, [key, value]]);
  }
  const inner = changed(chosen[1], { steps: rest, value, key });
  if (Array.isArray(tree)) return tree.with(Number(chosen[0]), inner);
  return Object.fromEntries(entries.map(([name, old]) => [name, name === chosen[0] ? inner : old]));
}

suite("any spec", () => {
  test("is read or refused, never thrown at", async (t) => {
    const folder = tempFolder(t, {
      "models/net/1/net.onnx": "",
      "code/score.py": "",
      "net.onnx": "",
    });
    const spec = join(folder, "spec.yml");
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(ONLINE, BATCH),
        fc.array(changes, { maxLength: 3 }),
        async (base, list) => {
          writeFileSync(spec, JSON.stringify(list.reduce(changed, base)));
          const read = await loadSpec(["spec.yml"], { cwd: folder, modelStore: folder });
          if (read.ok) {
            accepted += 1;
            const { endpoint, device } = read.value;
            assert.ok(fitToDevice(endpoint, device && { device }).problems);
            assert.deepEqual(JSON.parse(JSON.stringify(endpoint)), endpoint);
          } else {
            assert.ok(read.problems.some(({ severity }) => severity === "error"));
          }
          for (const { code, message, hint, at } of read.problems) {
            assert.ok(code in CODES);
            assert.ok(hint);
            assert.ok(at !== undefined && at.line >= 1 && at.col >= 1);
            assert.doesNotMatch(message, /undefined|\[object|NaN/);
            assert.doesNotMatch(message + hint, /\p{Cc}/u);
          }
        },
      ),
      { numRuns: 600 },
    );
    assert.ok(accepted > 30, `${accepted} were accepted`);
  });
});
