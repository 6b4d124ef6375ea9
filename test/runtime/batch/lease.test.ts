import assert from "node:assert/strict";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { isLease, takeLease } from "../../../src/runtime/batch/journal/lease.ts";
import { createPulse, STALE_MS } from "../../../src/runtime/batch/journal/pulse.ts";
import { tempFolder } from "../../support/temp-folder.ts";

void suite("a lease", () => {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const optionsFor = (file: string, host = "here") => {
    const pulse = createPulse(file, clock);
    return { file, host, pid: process.pid, clock, pulse };
  };

  /** A newcomer whose clocks stand where a test puts them. */
  function newcomer(file: string, aheadMs = 0) {
    let passedMs = 0;
    const own = { now: () => Date.now() + aheadMs + passedMs, monotonic: () => passedMs };
    const options = {
      file,
      host: "here",
      pid: process.pid,
      clock: own,
      pulse: createPulse(file, own),
    };
    return { try: () => takeLease(options), pass: (ms: number) => void (passedMs += ms) };
  }

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

  void test("of another host is taken when its heartbeat stands still, and its holder learns of it", (t) => {
    const file = join(tempFolder(t), "lease");
    const far = takeLease(optionsFor(file, "there"));
    assert.ok(isLease(far));
    const other = newcomer(file);
    assert.ok(!isLease(other.try()));
    other.pass(STALE_MS + 1);
    const near = other.try();
    assert.ok(isLease(near) && near.held());
    assert.equal(far.held(), false);
    far.release();
    assert.equal(near.held(), true);
    near.release();
  });

  for (const [where, beatMs] of [
    ["in the past", -86_400_000],
    ["in the future", 86_400_000],
  ] as const) {
    void test(`with a heartbeat ${where} is judged by whether it moves`, (t) => {
      const file = join(tempFolder(t), "lease");
      const far = takeLease(optionsFor(file, "there"));
      assert.ok(isLease(far));
      const beat = (ms: number) => {
        const seconds = (Date.now() + beatMs + ms) / 1000;
        utimesSync(file, seconds, seconds);
      };
      beat(0);
      const other = newcomer(file);
      for (let ms = 0; ms < 3 * STALE_MS; ms += 5_000) {
        assert.ok(!isLease(other.try()), `after ${ms} ms`);
        other.pass(5_000);
        beat(ms + 5_000);
      }
      other.pass(STALE_MS + 5_000);
      assert.ok(!isLease(other.try()), "its last beat was not seen before");
      other.pass(STALE_MS + 1);
      const taken = other.try();
      assert.ok(isLease(taken));
      taken.release();
      far.release();
    });
  }

  void test("of a live process is not taken by one whose clock is ahead", (t) => {
    const file = join(tempFolder(t), "lease");
    const holder = takeLease(optionsFor(file));
    assert.ok(isLease(holder));
    assert.ok(!isLease(newcomer(file, 60_000).try()));
    assert.ok(holder.held());
    holder.release();
  });

  for (const text of ["", "abc", "null", '{"host": "he']) {
    void test(`that cannot be read (${text || "empty"}) is held until its heartbeat stands still`, (t) => {
      const file = join(tempFolder(t), "lease");
      writeFileSync(file, text);
      const other = newcomer(file);
      assert.ok(!isLease(other.try()));
      other.pass(STALE_MS + 1);
      const taken = other.try();
      assert.ok(isLease(taken) && taken.held());
      taken.release();
    });
  }
});
