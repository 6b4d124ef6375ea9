import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createMetrics } from "../../../src/runtime/metrics/metrics.ts";
import { parseExposition } from "../../support/exposition.ts";

suite("metrics as text", () => {
  test("every kind is read back as it was observed", () => {
    const metrics = createMetrics();
    const counter = metrics.counter("a_total", "Counts.");
    const fine = counter({ code: "200" });
    fine.add();
    fine.add(2);
    counter({ code: "404" }).add();
    const times = metrics.histogram("b_seconds", "Times.", [0.1, 1])({ deployment: "blue" });
    for (const value of [0.05, 0.1, 0.5, 1, 7]) times.observe(value);
    metrics.gauge("c_bytes", "Now.", () => [{ labels: {}, value: 1.5e21 }]);
    metrics.counterOf("d_total", "Of somebody else.", () => [{ labels: {}, value: 3 }]);
    metrics.gauge("e", "Nobody yet.", () => []);
    const families = parseExposition(metrics.render());
    assert.deepEqual(
      [...families.values()].map(({ name, type }) => `${name} ${type}`),
      ["a_total counter", "b_seconds histogram", "c_bytes gauge", "d_total counter", "e gauge"],
    );
    assert.deepEqual(
      families.get("a_total")?.samples.map(({ value }) => value),
      [3, 1],
    );
    assert.deepEqual(
      families.get("b_seconds")?.samples.map(({ value }) => value),
      [2, 4, 5, 8.65, 5],
    );
    assert.equal(families.get("c_bytes")?.samples[0]?.value, 1.5e21);
  });

  test("a label may hold anything", () => {
    const metrics = createMetrics();
    const values = ['quote " inside', "back\\slash", "line\nfeed", "\\n", "ünïcode", "a,b={c}"];
    const counter = metrics.counter("x_total", "H.");
    for (const v of values) counter({ v }).add();
    const read = parseExposition(metrics.render())
      .get("x_total")
      ?.samples.map(({ labels }) => labels["v"]);
    assert.deepEqual(read, values);
  });
});
