import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { parseDevice } from "../../../src/spec/capacity/device.ts";
import type { Device } from "../../../src/spec/capacity/device.ts";
import { ROUTER_MEMORY_BYTES, fitToDevice } from "../../../src/spec/capacity/limits.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../../src/spec/resolved.ts";
import { resolvedDeployment, resolvedEndpoint } from "../../support/resolved.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

type Asked = Partial<ResolvedDeployment> & { readonly min?: number };

function deploymentOf(name: string, { min = 1, ...asked }: Asked): ResolvedDeployment {
  const scale = { type: "manual", minInstances: min, maxInstances: asked.instances ?? 1 } as const;
  return resolvedDeployment(name, { scale, ...asked });
}

function endpointOf(deployments: Readonly<Record<string, Asked>>): ResolvedEndpoint {
  const resolved = Object.entries(deployments).map(([name, asked]) => deploymentOf(name, asked));
  return resolvedEndpoint("pump", resolved);
}

function device(text: string): Device {
  const read = parseDevice(text);
  assert.ok(read.ok);
  return read.value;
}

/** A device whose room, reserve and router taken off, is just this. */
function roomOf(cpus: number, memoryBytes: number): Device {
  return {
    cpus,
    memoryBytes: memoryBytes + ROUTER_MEMORY_BYTES,
    reserve: { cpus: 0, memoryBytes: 0 },
  };
}

function fitted(
  endpoint: ResolvedEndpoint,
  on: Device,
  needBytes?: (name: string) => number,
): {
  readonly rows: readonly (readonly (number | null)[])[];
  readonly messages: readonly string[];
} {
  const read = fitToDevice(endpoint, { device: on, ...(needBytes && { needBytes }) });
  assert.ok(read.ok, JSON.stringify(read.problems));
  return {
    rows: read.value.deployments.map(({ instances, cpus, memoryBytes }) => [
      instances,
      cpus,
      memoryBytes === null ? null : memoryBytes / MIB,
    ]),
    messages: read.problems.map(({ message }) => message),
  };
}

const SKU = { cpus: 1, memoryBytes: GIB, limitsFrom: "sku" } as const;
const NUMBER = { cpus: 1, memoryBytes: GIB, limitsFrom: "resources" } as const;

suite("fitToDevice", () => {
  test("without a device the module gets the sum and the router's own memory", () => {
    const read = fitToDevice(
      endpointOf({ blue: { ...NUMBER, instances: 2 }, green: { ...NUMBER, cpus: 0.1 } }),
    );
    assert.ok(read.ok);
    assert.deepEqual(
      [read.value.module.cpus, read.value.module.memoryBytes, read.problems],
      [2.1, 3 * GIB + ROUTER_MEMORY_BYTES, []],
    );
  });

  test("without a device and with a deployment that has no limit, the module has none", () => {
    const read = fitToDevice(endpointOf({ blue: NUMBER, green: { cpus: 1 } }));
    assert.ok(read.ok);
    assert.deepEqual([read.value.module.cpus, read.value.module.memoryBytes], [2, null]);
  });

  test("what fits is left alone", () => {
    const { rows, messages } = fitted(endpointOf({ blue: SKU }), roomOf(1, GIB));
    assert.deepEqual(rows, [[1, 1, 1024]]);
    assert.deepEqual(messages, []);
  });

  test("a spec without limits gets equal shares", () => {
    const endpoint = endpointOf({ blue: { instances: 2 }, green: {} });
    const { rows, messages } = fitted(endpoint, roomOf(3, 3 * GIB));
    assert.deepEqual(rows, [
      [2, 1, 1024],
      [1, 1, 1024],
    ]);
    assert.deepEqual(messages, []);
    const read = fitToDevice(endpoint, { device: roomOf(3, 3 * GIB) });
    assert.ok(read.ok);
    assert.equal(read.value.deployments[0]?.limitsFrom, "device");
  });

  test("what others leave goes to the one without limits", () => {
    const { rows } = fitted(endpointOf({ blue: NUMBER, green: {} }), roomOf(4, 4 * GIB));
    assert.deepEqual(rows, [
      [1, 1, 1024],
      [1, 3, 3072],
    ]);
  });

  test("the deployment with the least traffic per instance gives up instances first", () => {
    const endpoint = endpointOf({
      blue: { ...SKU, instances: 4, traffic: 90 },
      green: { ...SKU, instances: 2, traffic: 10 },
    });
    const { rows, messages } = fitted(endpoint, roomOf(4, 8 * GIB));
    assert.deepEqual(rows, [
      [3, 1, 1024],
      [1, 1, 1024],
    ]);
    assert.deepEqual(messages, [
      "green has 1 instance instead of 2: 6 CPUs and 6 GiB do not fit into 4 CPUs and 8 GiB",
      "blue has 3 instances instead of 4: 5 CPUs and 5 GiB do not fit into 4 CPUs and 8 GiB",
    ]);
  });

  test("ties go by name, taking turns", () => {
    const endpoint = endpointOf({
      green: { ...SKU, instances: 3, traffic: 50 },
      blue: { ...SKU, instances: 3, traffic: 50 },
    });
    const { rows } = fitted(endpoint, roomOf(5, 8 * GIB));
    assert.deepEqual(rows, [
      [3, 1, 1024],
      [2, 1, 1024],
    ]);
  });

  test("instances stop at min_instances; then CPU is shared in proportion", () => {
    const endpoint = endpointOf({
      blue: { ...NUMBER, cpus: 3, memoryBytes: MIB, instances: 3, min: 2, traffic: 100 },
      green: { ...NUMBER, cpus: 1, memoryBytes: MIB },
    });
    const { rows } = fitted(endpoint, roomOf(3.5, GIB));
    assert.deepEqual(rows, [
      [2, 1.5, 1],
      [1, 0.5, 1],
    ]);
  });

  test("memory of a SKU is cut, memory by number is not", () => {
    const endpoint = endpointOf({ blue: SKU, green: NUMBER });
    const { rows, messages } = fitted(endpoint, roomOf(2, 1.5 * GIB));
    assert.deepEqual(rows, [
      [1, 1, 512],
      [1, 1, 1024],
    ]);
    assert.equal(messages.length, 1);
  });

  test("no memory is cut below what the model was measured to need", () => {
    const endpoint = endpointOf({ blue: SKU, green: SKU });
    const need: Readonly<Record<string, number>> = { blue: 700 * MIB, green: MIB };
    const { rows } = fitted(endpoint, roomOf(2, GIB), (name) => need[name] ?? 0);
    assert.deepEqual(
      rows.map(([, , mebibytes]) => mebibytes),
      [700, 324],
    );
  });

  test("a batch deployment that gives up instances has that many nodes", () => {
    const batch = {
      nodeCount: 4,
      miniBatchSize: 10,
      maxConcurrencyPerInstance: 1,
      outputAction: "append_row",
      outputFileName: "predictions.csv",
      maxRetries: 3,
      timeoutSeconds: 30,
      errorThreshold: -1,
      loggingLevel: "info",
    } as const;
    const endpoint = endpointOf({ blue: { ...NUMBER, instances: 4, batch } });
    const read = fitToDevice(endpoint, { device: roomOf(4, 2 * GIB) });
    assert.ok(read.ok);
    const [blue] = read.value.deployments;
    assert.deepEqual([blue?.instances, blue?.batch?.nodeCount], [2, 2]);
  });

  test("what does not fit at its least names the smallest device that would do", () => {
    const endpoint = endpointOf({ blue: { ...NUMBER, memoryBytes: 4 * GIB } });
    const read = fitToDevice(endpoint, { device: device("cpus=2,memory=2Gi") });
    assert.deepEqual(
      read.problems.map(({ code, severity, message }) => [code, severity, message]),
      [
        [
          "SPEC_DEVICE_TOO_SMALL",
          "error",
          "a device of 2 CPUs and 2 GiB is too small for pump, the smallest that would do has cpus=0.26,memory=4704Mi",
        ],
      ],
    );
    assert.ok(read.problems[0]?.hint);
    assert.ok(fitToDevice(endpoint, { device: device("cpus=0.26,memory=4704Mi") }).ok);
    assert.ok(!fitToDevice(endpoint, { device: device("cpus=0.26,memory=4703Mi") }).ok);
  });
});

const amounts = fc.oneof(
  fc.constant(null),
  fc.integer({ min: 1, max: 64 }).map((quarters) => quarters / 4),
);
const asked: fc.Arbitrary<Asked> = fc.record({
  traffic: fc.integer({ min: 0, max: 100 }),
  instances: fc.integer({ min: 1, max: 8 }),
  min: fc.integer({ min: 1, max: 3 }),
  cpus: amounts,
  memoryBytes: fc.oneof(
    fc.constant(null),
    fc.integer({ min: 32, max: 8192 }).map((mebibytes) => mebibytes * MIB),
  ),
  limitsFrom: fc.constantFrom("resources", "sku"),
});
const cases = fc.record({
  deployments: fc.dictionary(fc.constantFrom("blue", "green", "red"), asked, { minKeys: 1 }),
  cpus: fc.integer({ min: 1, max: 64 }).map((quarters) => quarters / 4),
  memory: fc.integer({ min: 600, max: 20_000 }),
  need: fc.integer({ min: 1, max: 2000 }),
});

suite("fitToDevice, for any endpoint and device", () => {
  test("the module stays inside the device, everybody above the least, or the error's device would do", () => {
    fc.assert(
      fc.property(cases, ({ deployments, cpus, memory, need }) => {
        const endpoint = endpointOf(deployments);
        const on = device(`cpus=${cpus},memory=${memory}Mi`);
        const needBytes = (): number => need * MIB;
        const read = fitToDevice(endpoint, { device: on, needBytes });
        if (!read.ok) {
          const named = /has (cpus=\S+)$/.exec(read.problems[0]?.message ?? "")?.[1] ?? "";
          assert.ok(fitToDevice(endpoint, { device: device(named), needBytes }).ok, named);
          return;
        }
        const { module, deployments: given } = read.value;
        assert.ok((module.cpus ?? Infinity) <= on.cpus - on.reserve.cpus + 1e-9);
        assert.ok((module.memoryBytes ?? Infinity) <= on.memoryBytes - on.reserve.memoryBytes);
        for (const [index, now] of given.entries()) {
          const before = endpoint.deployments[index];
          assert.ok(before);
          assert.ok(now.instances >= Math.min(before.scale.minInstances, before.instances));
          assert.ok(now.instances <= before.instances);
          assert.ok((now.cpus ?? 0) >= 0.01);
          if (before.limitsFrom === "resources" && before.memoryBytes !== null) {
            assert.equal(now.memoryBytes, before.memoryBytes);
          } else {
            const least = Math.min(before.memoryBytes ?? Infinity, Math.max(need, 32) * MIB);
            assert.ok((now.memoryBytes ?? 0) >= least);
          }
          const same =
            now.instances === before.instances &&
            now.cpus === (before.cpus ?? now.cpus) &&
            now.memoryBytes === (before.memoryBytes ?? now.memoryBytes);
          assert.equal(
            read.problems.some(({ message }) => message.startsWith(now.name)),
            !same,
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});
