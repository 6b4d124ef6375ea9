import assert from "node:assert/strict";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { isLease, STALE_MS, takeLease } from "../../../src/runtime/batch/journal/lease.ts";
import { tempFolder } from "../../support/temp-folder.ts";

void suite("a lease", () => {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const optionsFor = (file: string, host = "here") => ({ file, host, pid: process.pid, clock });

  void test("is held by one, and free when it is released", (t) => {
    const file = join(tempFolder(t), "lease");
    const first = takeLease(optionsFor(file));
    assert.ok(isLease(first) && first.held());
    const second = takeLease(optionsFor(file));
    assert.ok(!isLease(second) && second.pid === process.pid);
    first.release();
    const third = takeLease(optionsFor(file));
    assert.ok(isLease(third));
    third.release();
    assert.equal(existsSync(file), false);
  });

  void test("of a process that is gone on this host is taken", (t) => {
    const file = join(tempFolder(t), "lease");
    writeFileSync(
      file,
      JSON.stringify({ host: "here", pid: 1, startTicks: "not its", token: "x" }),
    );
    const taken = takeLease(optionsFor(file));
    assert.ok(isLease(taken) && taken.held());
    taken.release();
  });

  void test("of another host is taken when its heartbeat is old, and its holder learns of it", (t) => {
    const file = join(tempFolder(t), "lease");
    const far = takeLease(optionsFor(file, "there"));
    assert.ok(isLease(far));
    assert.ok(!isLease(takeLease(optionsFor(file))));
    const old = (Date.now() - STALE_MS - 1000) / 1000;
    utimesSync(file, old, old);
    const near = takeLease(optionsFor(file));
    assert.ok(isLease(near) && near.held());
    assert.equal(far.held(), false);
    far.release();
    assert.equal(near.held(), true);
    near.release();
  });

  for (const text of ["", "abc", "null", '{"host": "he']) {
    void test(`that cannot be read (${text || "empty"}) is held until its heartbeat is old`, (t) => {
      const file = join(tempFolder(t), "lease");
      writeFileSync(file, text);
      assert.ok(!isLease(takeLease(optionsFor(file))));
      const old = (Date.now() - STALE_MS - 1000) / 1000;
      utimesSync(file, old, old);
      const taken = takeLease(optionsFor(file));
      assert.ok(isLease(taken) && taken.held());
      taken.release();
    });
  }
});
