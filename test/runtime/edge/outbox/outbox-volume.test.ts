import assert from "node:assert/strict";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { breakSync } from "../../../support/broken-sync.ts";
import { abandoned, hub, openOutbox, result, settled } from "../../../support/outbox.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

suite("outbox on a volume that is killed, torn or broken", () => {
  test("a result that can no longer be read is left out loudly, and those behind it go", async (context) => {
    const folder = await abandoned(context, ["a", "b"]);
    const { outbox, log } = openOutbox(folder);
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

  test("after kill -9 everything that was added is sent", async (context) => {
    const folder = await abandoned(context, ["a", "b", "c"]);
    const { outbox } = openOutbox(folder);
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
    const { outbox: whole } = openOutbox(folder);
    await whole.close();
    truncateSync(path, 250);
    const { outbox, log } = openOutbox(folder);
    const { send, keys } = hub();
    outbox.attach(send);
    await settled();
    assert.deepEqual(keys(), ["a", "b", "c"].slice(0, keys().length));
    assert.ok(keys().length < 3);
    assert.match(log.lines.join("\n"), /no whole record/);
  });

  test("what the hub took before kill -9 is not sent again", async (context) => {
    const folder = tempFolder(context);
    const before = openOutbox(folder).outbox;
    await before.add(result("a"));
    await before.add(result("b"));
    const { send, asked } = hub();
    before.attach(send);
    await settled();
    asked[0]?.take();
    await settled();
    const after = openOutbox(folder).outbox;
    const next = hub();
    after.attach(next.send);
    await settled();
    assert.deepEqual(next.keys(), ["b"]);
  });

  test("where the folder cannot be made, it says so and keeps results in memory", async () => {
    const { outbox, log } = openOutbox("/dev/null/outbox");
    outbox.attach(() => Promise.resolve());
    await outbox.add(result("a"));
    assert.match(log.lines.join("\n"), /error the outbox cannot be opened/);
    assert.equal(outbox.state().durable, false);
    await outbox.close();
  });

  test("a folder that cannot be opened is tried again, and nothing of it is lost", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const folder = await abandoned(context, ["old1", "old2"]);
    openOutbox(folder).outbox.began("suspect");
    renameSync(folder, `${folder}.away`);
    context.after(() => rmSync(`${folder}.away`, { recursive: true, force: true }));
    writeFileSync(folder, "no folder");
    const { outbox, log } = openOutbox(folder);
    const [before, safe]: [ReturnType<typeof hub>, string[]] = [hub(), []];
    const add = (key: string) => outbox.add(result(key)).then(() => void safe.push(key));
    outbox.attach(before.send);
    outbox.began("running");
    for (const key of ["m1", "m2"]) void add(key);
    await settled();
    outbox.detach();
    void add("m3");
    context.mock.timers.tick(10_000);
    assert.equal(outbox.state().durable, false);
    assert.equal(log.lines.length, 1, "one line for one reason");

    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    context.mock.timers.tick(10_000);
    assert.equal(outbox.state().durable, true);
    assert.equal(outbox.suspects.endsOf("suspect"), 1);
    await add("new");
    assert.deepEqual(safe, ["new"]);
    const after = hub();
    outbox.attach(after.send);
    await settled();
    assert.deepEqual(after.keys(), ["old1", "old2", "m1", "m2", "m3", "new"]);
    for (const { take } of after.asked.slice(0, 5)) take();
    await settled();
    assert.deepEqual(safe.length, 4);

    const next = openOutbox(folder).outbox;
    const last = hub();
    next.attach(last.send);
    await settled();
    assert.deepEqual(last.keys(), ["new"]);
    assert.equal(next.suspects.endsOf("running"), 1);
  });

  test("a folder that opens while results are on their way keeps them in their places", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const folder = await abandoned(context, ["old"]);
    renameSync(folder, `${folder}.away`);
    context.after(() => rmSync(`${folder}.away`, { recursive: true, force: true }));
    writeFileSync(folder, "no folder");
    const { outbox } = openOutbox(folder);
    const { send, asked, keys } = hub();
    outbox.attach(send);
    const added = outbox.add(result("memory"));
    await settled();
    rmSync(folder);
    renameSync(`${folder}.away`, folder);
    context.mock.timers.tick(10_000);
    await settled();
    assert.deepEqual(keys(), ["memory", "old"]);
    for (const { take } of asked) take();
    await added;
    await settled();
    assert.equal(outbox.state().depth, 0);
    assert.equal(openOutbox(folder).outbox.state().depth, 0);
  });

  test("a damaged record in the middle costs the others nothing", async (context) => {
    const folder = await abandoned(context, ["a", "b", "c"]);
    const path = join(folder, readdirSync(folder)[0] ?? "");
    const bytes = readFileSync(path);
    const at = bytes.indexOf('"key":"b"');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { outbox, log } = openOutbox(folder);
    const { send, keys } = hub();
    outbox.attach(send);
    await settled();
    assert.deepEqual(keys(), ["a", "c"]);
    assert.match(log.lines.join("\n"), /warn outbox: \d+ bytes at \d+ of segment 1 .* are lost/);
  });

  test("a result that the disk did not sync is safe only when the hub has it", async (context) => {
    const { outbox, log, clock } = openOutbox(tempFolder(context));
    const { repair } = breakSync(context);
    let safe = 0;
    const add = (key: string): Promise<void> =>
      outbox.add(result(key)).then(() => void (safe += 1));
    const added = ["a", "b", "c"].map(add);
    while (outbox.state().durable) await settled();
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
    const { outbox } = openOutbox(folder, { maxBytes: 200_000, maxAgeSeconds: 3600 });
    await outbox.add(result("a", "x".repeat(70_000)));
    const [name = ""] = readdirSync(folder);
    rmSync(join(folder, name));
    mkdirSync(join(folder, name));
    outbox.attach(() => Promise.resolve());
    await outbox.add(result("b"));
    await outbox.add(result("c"));
    while (outbox.state().depth > 0) await settled();
  });
});
