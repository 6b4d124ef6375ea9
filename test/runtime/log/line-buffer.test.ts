import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";

import { createLineBuffer } from "../../../src/runtime/log/line-buffer.ts";

function recorded() {
  const writes: string[] = [];
  return { writes, buffer: createLineBuffer({ write: (text) => writes.push(text) }) };
}

const MODULE = fileURLToPath(new URL("../../../src/runtime/log/line-buffer.js", import.meta.url));

void suite("lines that may wait", () => {
  void test("go before the next one that cannot, in one write", () => {
    const { writes, buffer } = recorded();
    buffer.hold("a\n");
    buffer.hold("b\n");
    assert.deepEqual(writes, []);
    buffer.write("c\n");
    buffer.write("d\n");
    assert.deepEqual(writes, ["a\nb\nc\n", "d\n"]);
  });

  void test("go after a moment", async () => {
    const { writes, buffer } = recorded();
    buffer.hold("a\n");
    while (writes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    buffer.hold("b\n");
    while (writes.length === 1) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(writes, ["a\n", "b\n"]);
  });

  void test("go when they are many", () => {
    const { writes, buffer } = recorded();
    const line = `${"x".repeat(999)}\n`;
    for (let count = 0; count < 40; count += 1) buffer.hold(line);
    assert.equal(writes.length, 1);
    assert.ok((writes[0]?.length ?? 0) > 32_000);
  });

  void test("go when the process ends", () => {
    const source = `
      const { createLineBuffer } = await import(${JSON.stringify(MODULE)});
      createLineBuffer(process.stderr).hold("the last words\\n");
      process.exit(3);`;
    const args = ["--input-type=module", "-e", source];
    const { stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
    assert.deepEqual([stderr, status], ["the last words\n", 3]);
  });
});
