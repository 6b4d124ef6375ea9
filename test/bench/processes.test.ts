import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";

import { createProcesses } from "../../bench/processes.ts";

const FOR_EVER = ["-e", "console.log('up'); setInterval(() => {}, 1000)"];

suite("processes of the bench", () => {
  test("all end with it, and none is started after", async () => {
    const processes = createProcesses();
    const children = [1, 2].map(() => processes.start(process.execPath, FOR_EVER));
    await Promise.all(children.map(async ({ stdout }) => once(stdout, "data")));
    await processes.close();
    assert.deepEqual(
      children.map(({ signalCode }) => signalCode),
      ["SIGTERM", "SIGTERM"],
    );
    assert.throws(() => processes.start(process.execPath, FOR_EVER), /is not started/);
  });

  test("one that has ended by itself is not waited for", async () => {
    const processes = createProcesses();
    const child = processes.start(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await processes.end(child);
    assert.equal(child.exitCode, 0);
  });
});
