import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";

import { Unsendable } from "../../../../src/runtime/edge/hub/message-size.ts";
import type { Result } from "../../../../src/runtime/edge/outbox/result.ts";
import { LIMITS, hub, openOutbox, result, settled } from "../../../support/outbox.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

suite("outbox", () => {
  test("a result may be acknowledged when it is on the disk, with no hub in sight", async (context) => {
    const { outbox } = openOutbox(tempFolder(context));
    await outbox.add(result("a"));
    assert.equal(outbox.state().depth, 1);
    assert.ok(outbox.has("a"));
  });

  test("without a folder it may be acknowledged only when the hub has it", async () => {
    const { outbox } = openOutbox(undefined);
    let acknowledged = false;
    const added = outbox.add(result("a")).then(() => {
      acknowledged = true;
    });
    await settled();
    assert.equal(acknowledged, false);
    const { send, asked } = hub();
    outbox.attach(send);
    await settled();
    asked[0]?.take();
    await added;
    assert.equal(outbox.state().depth, 0);
  });

  test("results go out in order, whole, and leave when they are taken", async (context) => {
    const { outbox } = openOutbox(tempFolder(context));
    for (const key of ["a", "b", "c"]) await outbox.add(result(key));
    const sent: Result[] = [];
    outbox.attach((given) => {
      sent.push(given);
      return Promise.resolve();
    });
    await settled();
    assert.deepEqual(
      sent,
      ["a", "b", "c"].map((key) => result(key)),
    );
    assert.equal(outbox.state().depth, 0);
    assert.ok(outbox.has("a"), "an input that comes again is known");
  });

  test("what the hub did not take goes again on the next connection, and nothing else", async (context) => {
    const { outbox } = openOutbox(tempFolder(context));
    for (const key of ["a", "b", "c"]) await outbox.add(result(key));
    const first = hub();
    outbox.attach(first.send);
    await settled();
    first.asked[0]?.take();
    await settled();
    first.asked[1]?.lose();
    outbox.detach();
    const second = hub();
    outbox.attach(second.send);
    await settled();
    assert.deepEqual(second.keys(), ["b", "c"]);
  });

  test("a result that no hub takes does not stand before the others", async (context) => {
    const { outbox, log } = openOutbox(tempFolder(context));
    for (const key of ["a", "b"]) await outbox.add(result(key));
    outbox.attach(({ key }) =>
      key === "a" ? Promise.reject(new Unsendable("too large")) : Promise.resolve(),
    );
    await settled();
    assert.deepEqual([outbox.state().depth, outbox.state().dropped], [0, 1]);
    assert.match(log.lines.join("\n"), /error a result that no hub takes is left out: too large/);
  });

  test("an input is known for two minutes of connection after the hub took its result", async (context) => {
    const folder = tempFolder(context);
    const { outbox, clock } = openOutbox(folder);
    const take = (): Promise<void> => Promise.resolve();
    outbox.attach(take);
    await outbox.add(result("a"));
    await settled();
    clock.move(60_000);
    await outbox.add(result("b"));
    await settled();
    outbox.detach();
    clock.move(3_600_000);
    outbox.attach(take);
    clock.move(60_000);
    assert.deepEqual([outbox.has("a"), outbox.has("b")], [true, true]);
    clock.move(1);
    assert.deepEqual([outbox.has("a"), outbox.has("b")], [false, true]);
    clock.move(60_000);
    assert.deepEqual([outbox.has("a"), outbox.has("b")], [false, false]);

    for (const key of ["c", "d"]) {
      await outbox.add(result(key));
      await settled();
      clock.move(100_000);
    }
    await outbox.add(result("e"));
    await settled();
    const { outbox: next, clock: later } = openOutbox(folder);
    assert.deepEqual([next.has("c"), next.has("d"), next.has("e")], [false, true, true]);
    next.attach(take);
    later.move(120_001);
    assert.equal(next.has("d"), false);
  });

  test("over its size the oldest go first and are counted", async (context) => {
    const { outbox } = openOutbox(tempFolder(context), { maxBytes: 2000, maxAgeSeconds: 3600 });
    for (let number = 0; number < 20; number += 1) {
      await outbox.add(result(`k${number}`, "x".repeat(300)));
    }
    const { depth, dropped, bytes } = outbox.state();
    assert.equal(depth + dropped, 20);
    assert.ok(bytes <= 2000 && depth >= 3);
    const { send, keys } = hub();
    outbox.attach(send);
    await settled();
    assert.equal(keys()[0], `k${dropped}`);
  });

  test("over their age results go, and the log says so", async (context) => {
    const { outbox, clock, log } = openOutbox(tempFolder(context), {
      ...LIMITS,
      maxAgeSeconds: 60,
    });
    await outbox.add(result("old"));
    clock.move(61_000);
    await outbox.add(result("new"));
    assert.deepEqual([outbox.state().depth, outbox.state().dropped], [1, 1]);
    assert.match(
      log.lines.join("\n"),
      /error results are dropped from the outbox \(1\): older than 60 s/,
    );
  });

  test("many drops are one line at once, and one a minute", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { outbox, log } = openOutbox(tempFolder(context), {
      maxBytes: 1000,
      maxAgeSeconds: 3600,
    });
    const said = () => log.lines.filter((line) => line.includes("dropped"));
    const fill = async (): Promise<void> => {
      for (let number = 0; number < 20; number += 1) await outbox.add(result("k", "x".repeat(600)));
    };
    await fill();
    assert.deepEqual(said(), [
      "error results are dropped from the outbox (1): over 1000 bytes wait",
    ]);
    context.mock.timers.tick(60_000);
    assert.match(said()[1] ?? "", /error results .* \(18\)/);
    await fill();
    assert.equal(said().length, 2);
  });

  test("a clock that is set forward ages nothing", async (context) => {
    const { outbox, clock } = openOutbox(tempFolder(context), { ...LIMITS, maxAgeSeconds: 60 });
    for (let number = 0; number < 10; number += 1) await outbox.add(result(`k${number}`));
    clock.set(20 * 86_400_000);
    await outbox.add(result("next"));
    const { depth, dropped, oldestAgeSeconds } = outbox.state();
    assert.deepEqual([depth, dropped, oldestAgeSeconds], [11, 0, 0]);
  });

  test("over restarts an age goes on by what was seen to pass", async (context) => {
    const folder = tempFolder(context);
    const limits = { ...LIMITS, maxAgeSeconds: 60 };
    const before = openOutbox(folder, limits);
    await before.outbox.add(result("first"));
    before.clock.move(40_000);
    await before.outbox.add(result("second"));
    const { outbox, clock } = openOutbox(folder, limits);
    clock.set(20 * 86_400_000);
    assert.deepEqual([outbox.state().depth, outbox.state().oldestAgeSeconds], [2, 40]);
    clock.move(21_000);
    await outbox.add(result("third"));
    assert.deepEqual([outbox.state().depth, outbox.state().dropped], [2, 1]);
    await outbox.close();
    clock.set(-20 * 86_400_000);
    assert.equal(openOutbox(folder, limits).outbox.state().oldestAgeSeconds, 21);
  });

  test("a disk's worth of results passes through a bounded folder", async (context) => {
    const folder = tempFolder(context);
    const { outbox } = openOutbox(folder, { maxBytes: 200_000, maxAgeSeconds: 3600 });
    outbox.attach(() => Promise.resolve());
    for (let number = 0; number < 500; number += 1) {
      await outbox.add(result(`k${number}`, "x".repeat(2000)));
    }
    assert.ok(readdirSync(folder).length <= 4, `${readdirSync(folder).length} segments are left`);
  });

  test("many results wait for few syncs", async (context) => {
    const { outbox } = openOutbox(tempFolder(context));
    await Promise.all(Array.from({ length: 200 }, (_, number) => outbox.add(result(`k${number}`))));
    assert.equal(outbox.state().depth, 200);
  });

  test("a run that had begun at two ends in a row is known by it", (context) => {
    const folder = tempFolder(context);
    openOutbox(folder).outbox.began("poison");
    const second = openOutbox(folder).outbox;
    assert.equal(second.suspects.endsOf("poison"), 1);
    second.began("poison");
    assert.equal(openOutbox(folder).outbox.suspects.endsOf("poison"), 2);
  });
});
