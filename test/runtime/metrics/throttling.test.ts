import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createMetrics } from "../../../src/runtime/metrics/metrics.ts";
import { readThrottling, watchThrottling } from "../../../src/runtime/metrics/throttling.ts";
import { parseExposition } from "../../support/exposition.ts";

const V2 = "/sys/fs/cgroup/cpu.stat";
const V1 = "/sys/fs/cgroup/cpu/cpu.stat";

function reader(files: Readonly<Record<string, string>>) {
  return (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: ${path}`);
    return text;
  };
}

suite("readThrottling", () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, unknown])[] = [
    [
      "version 2 counts microseconds",
      {
        [V2]: "usage_usec 900\nuser_usec 800\nsystem_usec 100\nnr_periods 40\nnr_throttled 4\nthrottled_usec 2500000\nnr_bursts 0\n",
      },
      { periods: 40, throttledPeriods: 4, throttledSeconds: 2.5 },
    ],
    [
      "version 1 counts nanoseconds",
      { [V1]: "nr_periods 7\nnr_throttled 2\nthrottled_time 1500000000\n" },
      { periods: 7, throttledPeriods: 2, throttledSeconds: 1.5 },
    ],
    [
      "a group of version 2 without the controller gives way to version 1",
      { [V2]: "usage_usec 900\n", [V1]: "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n" },
      { periods: 1, throttledPeriods: 0, throttledSeconds: 0 },
    ],
    ["no group is nothing", {}, undefined],
    ["what is no number is not counted", { [V2]: "nr_periods many\n" }, undefined],
  ];
  for (const [name, files, expected] of cases) {
    test(name, () => assert.deepEqual(readThrottling(reader(files)), expected));
  }

  test("without a group the families are there and empty", () => {
    const metrics = createMetrics();
    watchThrottling(metrics, () => undefined);
    const families = [...parseExposition(metrics.render()).values()];
    assert.deepEqual(
      families.map(({ type, samples }) => `${samples.length} of ${type}`),
      Array(3).fill("0 of counter"),
    );
  });
});
