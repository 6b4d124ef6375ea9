/**
 * An hour of cuts of five seconds, with messages before and in the middle of each: nothing is lost,
 * the module is never started again, and memory and open files are as they were after ten.
 */

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { until } from "../support/device.ts";
import { deviceWithRuntime } from "../support/runtime-module.ts";

const MINUTES = 60;
const SETTLED_AFTER = 10;
/** Looked at on the way too: what grows shows long before the hour is over. */
const EVERY = 60;
const CUT_MS = 5_000;
/** Before the cut, and as many during it. */
const MESSAGES = 50;
const ALLOWED_BYTES = 16 * 1024 * 1024;
/** A segment of the outbox more, or a socket that is being closed. */
const ALLOWED_FILES = 4;

suite("cuts", () => {
  test(`cuts of 5 s for ${MINUTES} minutes`, async (context) => {
    const { device, send, results, residentBytes, openFiles, pid } =
      await deviceWithRuntime(context);
    await until(() => device.hub.connectedModules().length === 1, "the module is connected");
    const first = pid();
    const half = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, CUT_MS / 2));
    const end = performance.now() + MINUTES * 60_000;
    let settled = { bytes: 0, files: 0 };
    const look = (cut: number): void => {
      assert.equal(pid(), first, `the module was started again before cut ${cut}`);
      const [bytes, files] = [residentBytes() - settled.bytes, openFiles() - settled.files];
      context.diagnostic(
        `${cut} cuts: ${settled.bytes} bytes and ${settled.files} files after ${SETTLED_AFTER}, ${bytes} and ${files} more`,
      );
      assert.ok(bytes < ALLOWED_BYTES, `${bytes} bytes more than after ${SETTLED_AFTER} cuts`);
      assert.ok(files <= ALLOWED_FILES, `${files} files more than after ${SETTLED_AFTER} cuts`);
    };
    let cut = 0;
    while (performance.now() < end || cut <= SETTLED_AFTER) {
      cut += 1;
      send(`cut-${cut}-before`, MESSAGES);
      device.hub.cut();
      await half();
      send(`cut-${cut}-during`, MESSAGES);
      await half();
      device.hub.restore();
      await until(() => results() === 2 * cut * MESSAGES, `results of cut ${cut}`, 30_000);
      if (cut === SETTLED_AFTER) settled = { bytes: residentBytes(), files: openFiles() };
      else if (cut > SETTLED_AFTER && cut % EVERY === 0) look(cut);
    }
    look(cut);
  });
});
