/** An hour of cuts of five seconds: nothing is lost, and memory is as it was after ten. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { until } from "../support/device.ts";
import { deviceWithRuntime } from "../support/runtime-module.ts";

const MINUTES = 60;
const SETTLED_AFTER = 10;
/** Looked at on the way too: what grows shows long before the hour is over. */
const EVERY = 60;
const CUT_MS = 5_000;
const MESSAGES = 100;
const ALLOWED_BYTES = 16 * 1024 * 1024;

suite("cuts", () => {
  test(`cuts of 5 s for ${MINUTES} minutes`, async (context) => {
    const { device, send, results, residentBytes } = await deviceWithRuntime(context);
    await until(() => device.hub.connectedModules().length === 1, "the module is connected");
    const end = performance.now() + MINUTES * 60_000;
    let settled = 0;
    for (let cut = 1; performance.now() < end; cut += 1) {
      send(`cut-${cut}`, MESSAGES);
      device.hub.cut();
      await new Promise((resolve) => setTimeout(resolve, CUT_MS));
      device.hub.restore();
      await until(() => results() === cut * MESSAGES, `results of cut ${cut}`, 30_000);
      if (cut === SETTLED_AFTER) settled = residentBytes();
      if (cut % EVERY !== 0) continue;
      const grown = residentBytes() - settled;
      context.diagnostic(
        `${cut} cuts: ${settled} bytes resident after ${SETTLED_AFTER}, ${grown} more`,
      );
      assert.ok(grown < ALLOWED_BYTES, `${grown} bytes more than after ${SETTLED_AFTER} cuts`);
    }
  });
});
