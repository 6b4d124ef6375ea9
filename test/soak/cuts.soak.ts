/** Sixty cuts of five seconds: nothing is lost, and memory is as it was after ten. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { until } from "../support/device.ts";
import { deviceWithRuntime } from "../support/runtime-module.ts";

const CUTS = 60;
const SETTLED_AFTER = 10;
const CUT_MS = 5_000;
const MESSAGES = 100;
const ALLOWED_BYTES = 16 * 1024 * 1024;

suite("cuts", () => {
  test("60 cuts of 5 s", async (context) => {
    const { device, send, results, residentBytes } = await deviceWithRuntime(context);
    await until(() => device.hub.connectedModules().length === 1, "the module is connected");
    let settled = 0;
    for (let cut = 1; cut <= CUTS; cut += 1) {
      send(`cut-${cut}`, MESSAGES);
      device.hub.cut();
      await new Promise((resolve) => setTimeout(resolve, CUT_MS));
      device.hub.restore();
      await until(() => results() === cut * MESSAGES, `results of cut ${cut}`, 30_000);
      if (cut === SETTLED_AFTER) settled = residentBytes();
    }
    const grown = residentBytes() - settled;
    context.diagnostic(`resident after ${SETTLED_AFTER} cuts ${settled}, grown by ${grown} bytes`);
    assert.ok(grown < ALLOWED_BYTES, `${grown} bytes more than after ${SETTLED_AFTER} cuts`);
  });
});
