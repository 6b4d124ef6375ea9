import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { Unsendable } from "../../../src/runtime/edge/message-size.ts";
import { Outbox } from "../../../src/runtime/edge/outbox.ts";
import type { OutboxLimits } from "../../../src/runtime/edge/outbox.ts";
import type { Result } from "../../../src/runtime/edge/result.ts";
import { breakSync } from "../../support/broken-sync.ts";
import { keptLog, movedClock } from "../../support/quiet.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const LIMITS = { maxBytes: 1 << 20, maxAgeSeconds: 3600 };

function open(folder: string | undefined, limits: OutboxLimits = LIMITS) {
  const [log, clock] = [keptLog(), movedClock()];
  const outbox = new Outbox({ ...(folder !== undefined && { folder }), limits, clock, log });
  return { outbox, log, clock };
}

function result(key: string, body = `{"of":"${key}"}`): Result {
  return { key, name: "amlOutput", bag: { system: { mid: key }, properties: { p: "v" } }, body };
}

/** A hub that takes results when it is told to. */
function hub() {
  const asked: { readonly key: string; readonly take: () => void; readonly lose: () => void }[] =
    [];
  const send = ({ key }: Result): Promise<void> =>
    new Promise((resolve, reject) => {
      asked.push({ key, take: resolve, lose: () => reject(new Error("gone")) });
    });
  return { send, asked, keys: () => asked.map(({ key }) => key) };
}

const settled = (): Promise<void> => new Promise(setImmediate);

/** As `kill -9` leaves it: nothing is closed. */
async function abandoned(context: TestContext, keys: readonly string[]): Promise<string> {
  const folder = tempFolder(context);
  const { outbox } = open(folder);
  for (const key of keys) await outbox.add(result(key));
  return folder;
}

suite("outbox", () => {
  test("a result may be acknowledged when it is on the disk, with no hub in sight", async (context) => {
    const { outbox } = open(tempFolder(context));
    await outbox.add(result("a"));
    assert.equal(outbox.state().depth, 1);
    assert.ok(outbox.has("a"));
  });

  test("without a folder it may be acknowledged only when the hub has it", async () => {
    const { outbox } = open(undefined);
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
    const { outbox } = open(tempFolder(context));
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
    const { outbox } = open(tempFolder(context));
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

  test("a result that can no longer be read is left out loudly, and those behind it go", async (context) => {
    const folder = await abandoned(context, ["a", "b"]);
    const { outbox, log } = open(folder);
    const [name = ""] = readdirSync(folder).toSorted((a, b) => (a < b ? -1 : 1));
    truncateSync(join(folder, name), 10);
    await outbox.add(result("c"));
    const { send, asked, keys } = hub();
    outbox.attach(send);
    await settled();
    assert.deepEqual(keys(), ["c"]);
    asked[0]?.take();
    await settled();
    assert.deepEqual([outbox.state().depth, outbox.state().dropped], [0, 2]);
    assert.match(log.lines.join("\n"), /error result 1 of the outbox is left out/);
  });

  test("a result that no hub takes does not stand before the others", async (context) => {
    const { outbox, log } = open(tempFolder(context));
    for (const key of ["a", "b"]) await outbox.add(result(key));
    outbox.attach(({ key }) =>
      key === "a" ? Promise.reject(new Unsendable("too large")) : Promise.resolve(),
    );
    await settled();
    assert.deepEqual([outbox.state().depth, outbox.state().dropped], [0, 1]);
    assert.match(log.lines.join("\n"), /error a result that no hub takes is left out: too large/);
  });

  test("after kill -9 everything that was added is sent", async (context) => {
    const folder = await abandoned(context, ["a", "b", "c"]);
    const { outbox } = open(folder);
    const { send, keys } = hub();
    outbox.attach(send);
    await settled();
    assert.deepEqual(keys(), ["a", "b", "c"]);
    assert.ok(outbox.has("b"));
  });

  test("after a torn last write everything before it is sent", async (context) => {
    const folder = await abandoned(context, ["a", "b", "c"]);
    const [name = ""] = readdirSync(folder).toSorted((a, b) => (a < b ? -1 : 1));
    const path = join(folder, name);
    const { outbox: whole } = open(folder);
    await whole.close();
    truncateSync(path, 250);
    const { outbox, log } = open(folder);
    const { send, keys } = hub();
    outbox.attach(send);
    await settled();
    assert.deepEqual(keys(), ["a", "b", "c"].slice(0, keys().length));
    assert.ok(keys().length < 3);
    assert.match(log.lines.join("\n"), /no whole record/);
  });

  test("what the hub took before kill -9 is not sent again", async (context) => {
    const folder = tempFolder(context);
    const before = open(folder).outbox;
    await before.add(result("a"));
    await before.add(result("b"));
    const { send, asked } = hub();
    before.attach(send);
    await settled();
    asked[0]?.take();
    await settled();
    const after = open(folder).outbox;
    const next = hub();
    after.attach(next.send);
    await settled();
    assert.deepEqual(next.keys(), ["b"]);
  });

  test("over its size the oldest go first and are counted", async (context) => {
    const { outbox } = open(tempFolder(context), { maxBytes: 2000, maxAgeSeconds: 3600 });
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
    const { outbox, clock, log } = open(tempFolder(context), { ...LIMITS, maxAgeSeconds: 60 });
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
    const { outbox, log } = open(tempFolder(context), { maxBytes: 1000, maxAgeSeconds: 3600 });
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
    const { outbox, clock } = open(tempFolder(context), { ...LIMITS, maxAgeSeconds: 60 });
    for (let number = 0; number < 10; number += 1) await outbox.add(result(`k${number}`));
    clock.set(20 * 86_400_000);
    await outbox.add(result("next"));
    const { depth, dropped, oldestAgeSeconds } = outbox.state();
    assert.deepEqual([depth, dropped, oldestAgeSeconds], [11, 0, 0]);
  });

  test("over restarts an age goes on by what was seen to pass", async (context) => {
    const folder = tempFolder(context);
    const limits = { ...LIMITS, maxAgeSeconds: 60 };
    const before = open(folder, limits);
    await before.outbox.add(result("first"));
    before.clock.move(40_000);
    await before.outbox.add(result("second"));
    const { outbox, clock } = open(folder, limits);
    clock.set(20 * 86_400_000);
    assert.deepEqual([outbox.state().depth, outbox.state().oldestAgeSeconds], [2, 40]);
    clock.move(21_000);
    await outbox.add(result("third"));
    assert.deepEqual([outbox.state().depth, outbox.state().dropped], [2, 1]);
    await outbox.close();
    clock.set(-20 * 86_400_000);
    assert.equal(open(folder, limits).outbox.state().oldestAgeSeconds, 21);
  });

  test("a disk's worth of results passes through a bounded folder", async (context) => {
    const folder = tempFolder(context);
    const { outbox } = open(folder, { maxBytes: 200_000, maxAgeSeconds: 3600 });
    outbox.attach(() => Promise.resolve());
    for (let number = 0; number < 500; number += 1) {
      await outbox.add(result(`k${number}`, "x".repeat(2000)));
    }
    assert.ok(readdirSync(folder).length <= 4, `${readdirSync(folder).length} segments are left`);
  });

  test("where the folder cannot be made, it says so and keeps results in memory", async () => {
    const { outbox, log } = open("/dev/null/outbox");
    outbox.attach(() => Promise.resolve());
    await outbox.add(result("a"));
    assert.match(log.lines.join("\n"), /error the outbox cannot be opened/);
    assert.equal(outbox.state().durable, false);
  });

  test("a result that the disk did not sync is safe only when the hub has it", async (context) => {
    const { outbox, log, clock } = open(tempFolder(context));
    const { repair } = breakSync(context);
    let safe = 0;
    const add = (key: string): Promise<void> =>
      outbox.add(result(key)).then(() => void (safe += 1));
    const added = ["a", "b", "c"].map(add);
    while (outbox.durable) await settled();
    added.push(add("d"));
    for (let turn = 0; turn < 20; turn += 1) await settled();
    assert.deepEqual([safe, outbox.state().durable], [0, false]);
    const { send, asked, keys } = hub();
    outbox.attach(send);
    await settled();
    assert.deepEqual(keys(), ["a", "b", "c", "d"]);
    for (const { take } of asked) take();
    await Promise.all(added);

    repair();
    clock.move(10_000);
    await add("e");
    assert.equal(outbox.state().durable, true);
    const said = log.lines.filter((line) => /cannot be written|on the disk again/.test(line));
    assert.deepEqual(
      said.map((line) => line.split(" ")[0]),
      ["error", "info"],
    );
  });

  test("a segment that the disk keeps does not keep results from going", async (context) => {
    const folder = tempFolder(context);
    const { outbox } = open(folder, { maxBytes: 200_000, maxAgeSeconds: 3600 });
    await outbox.add(result("a", "x".repeat(70_000)));
    const [name = ""] = readdirSync(folder);
    rmSync(join(folder, name));
    mkdirSync(join(folder, name));
    outbox.attach(() => Promise.resolve());
    await outbox.add(result("b"));
    await outbox.add(result("c"));
    while (outbox.state().depth > 0) await settled();
  });

  test("many results wait for few syncs", async (context) => {
    const { outbox } = open(tempFolder(context));
    await Promise.all(Array.from({ length: 200 }, (_, number) => outbox.add(result(`k${number}`))));
    assert.equal(outbox.state().depth, 200);
  });

  test("a run that had begun at two ends in a row is known by it", (context) => {
    const folder = tempFolder(context);
    open(folder).outbox.began("poison");
    const second = open(folder).outbox;
    assert.equal(second.suspects.endsOf("poison"), 1);
    second.began("poison");
    assert.equal(open(folder).outbox.suspects.endsOf("poison"), 2);
  });
});
