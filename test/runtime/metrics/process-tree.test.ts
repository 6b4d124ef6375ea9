import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { suite, test } from "node:test";

import { readProcessTree } from "../../../src/runtime/metrics/process-tree.ts";

const withoutProc = existsSync("/proc/self/stat") ? false : "/proc is not here";

/** Burns CPU, holds memory, and starts one more that does the same. */
const BURN = `
const held = Buffer.alloc(64 * 2 ** 20, 1);
const end = process.cpuUsage().user + 300_000;
while (process.cpuUsage().user < end);
process.stdout.write("x");
process.stdin.resume();
process.stdin.once("end", () => held.fill(0));
`;
const NESTED = `
require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(BURN)}], { stdio: "inherit" });
`;

suite("readProcessTree", { skip: withoutProc }, () => {
  test("a child of a child counts while it lives, and its time after its end", async () => {
    const before = readProcessTree();
    const child = spawn(process.execPath, ["-e", NESTED], { stdio: ["pipe", "pipe", "inherit"] });
    const exited = once(child, "exit");
    await once(child.stdout, "data");
    const during = readProcessTree();
    child.stdin.end();
    await exited;
    const after = readProcessTree();
    assert.ok(before && during && after);
    assert.ok(during.cpuSeconds - before.cpuSeconds >= 0.29, JSON.stringify([before, during]));
    assert.ok(after.cpuSeconds >= during.cpuSeconds, JSON.stringify([during, after]));
    assert.ok(during.residentBytes - before.residentBytes > 64 * 2 ** 20);
    assert.ok(after.residentBytes < during.residentBytes);
  });

  test("alone it is the process's own time and memory", () => {
    const tree = readProcessTree();
    const { user, system } = process.cpuUsage();
    assert.ok(tree !== undefined);
    assert.ok(tree.residentBytes >= process.memoryUsage.rss() * 0.8);
    // The test before has left the time of its children.
    assert.ok(tree.cpuSeconds >= (user + system) / 1e6 - 0.05);
  });

  test("a process that is not there is nothing", () => {
    assert.equal(readProcessTree(2 ** 30), undefined);
  });
});
