import assert from "node:assert/strict";
import fs, {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import fc from "fast-check";

import { openJournal } from "../../src/journal/journal.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { breakSync } from "../support/broken-sync.ts";
import { tempFolder } from "../support/temp-folder.ts";

type Opened = {
  readonly journal: Journal;
  readonly found: readonly string[];
  readonly damages: readonly string[];
};

function open(folder: string, segmentBytes = 1 << 20): Opened {
  const found: string[] = [];
  const damages: string[] = [];
  const journal = openJournal({
    folder,
    segmentBytes,
    replay: ({ kind, payload }) => found.push(`${kind}:${Buffer.from(payload).toString()}`),
    damaged: (message) => damages.push(message),
  });
  return { journal, found, damages };
}

function filled(context: TestContext, texts: readonly string[], segmentBytes?: number): string {
  const folder = tempFolder(context);
  const { journal } = open(folder, segmentBytes);
  for (const text of texts) journal.append(1, Buffer.from(text));
  journal.close();
  return folder;
}

const segments = (folder: string): readonly string[] =>
  readdirSync(folder)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => join(folder, name));

suite("journal", () => {
  test("what was appended is found again, in order", (context) => {
    const folder = filled(context, ["a", "", "ccc"]);
    const { journal, found, damages } = open(folder);
    journal.close();
    assert.deepEqual(found, ["1:a", "1:", "1:ccc"]);
    assert.deepEqual(damages, []);
  });

  test("cut anywhere, it gives every record before the cut and goes on", (context) => {
    const texts = ["first", "second", "third"];
    const whole = statSync(segments(filled(context, texts))[0] ?? "").size;
    for (let bytes = 0; bytes < whole; bytes += 1) {
      const folder = filled(context, texts);
      truncateSync(segments(folder)[0] ?? "", bytes);
      const torn = open(folder);
      assert.deepEqual(torn.found, texts.map((text) => `1:${text}`).slice(0, torn.found.length));
      torn.journal.append(2, Buffer.from("next"));
      torn.journal.close();
      const again = open(folder);
      again.journal.close();
      assert.deepEqual(again.found, [...torn.found, "2:next"]);
      assert.deepEqual(again.damages, []);
    }
  });

  test("a changed bit anywhere costs its record alone, and is told", (context) => {
    const texts = ["first", "second", "", "fourth"];
    const whole = filled(context, texts);
    const bytes = readFileSync(segments(whole)[0] ?? "");
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const folder = tempFolder(context);
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(join(folder, "0000000001.journal"), changed);
      const { journal, found, damages } = open(folder);
      const lost = texts.filter((text) => !found.includes(`1:${text}`));
      assert.deepEqual([lost.length, found.length, damages.length], [1, 3, 1], `bit ${bit}`);
      const at = journal.append(1, Buffer.from("next"));
      assert.equal(Buffer.from(journal.read(at)).toString(), "next");
      journal.close();
    }
  });

  test("a damage of zeros before a long segment is looked through in no time", (context) => {
    const folder = filled(context, ["first", "second"]);
    const [path = ""] = segments(folder);
    const bytes = readFileSync(path);
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    // Now and then a length that is possible, so that its checksum must be looked at.
    for (let at = 0; at < zeros.length; at += 64)
      zeros.writeUInt32LE(Math.max(0, zeros.length - at - 100), at);
    writeFileSync(path, Buffer.concat([bytes, zeros]));
    const start = performance.now();
    const { journal, found } = open(folder);
    journal.close();
    assert.deepEqual(found, ["1:first", "1:second"]);
    assert.ok(performance.now() - start < 5000);
  });

  test("what others left in the folder disturbs nothing", (context) => {
    const folder = filled(context, ["first"]);
    writeFileSync(join(folder, "foo.journal"), "foo");
    writeFileSync(join(folder, "2x.journal"), "foo");
    mkdirSync(join(folder, "bar.journal"));
    mkdirSync(join(folder, "0000000002.journal"));
    const { journal, found, damages } = open(folder);
    assert.deepEqual([found, damages], [["1:first"], []]);
    assert.equal(journal.append(1, Buffer.from("x")).segment, 3);
    journal.close();
    assert.equal(readFileSync(join(folder, "foo.journal"), "utf8"), "foo");
  });

  test("garbage behind the last record is cut off", (context) => {
    const folder = filled(context, ["first"]);
    appendFileSync(segments(folder)[0] ?? "", Buffer.alloc(100, 0xff));
    const { journal, found } = open(folder);
    journal.close();
    assert.deepEqual(found, ["1:first"]);
  });

  test("records are read back where they lie, over several segments", (context) => {
    const folder = tempFolder(context);
    const { journal } = open(folder, 64);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
        const place = journal.append(3, payload);
        assert.deepEqual(Uint8Array.from(journal.read(place)), payload);
      }),
    );
    assert.ok(segments(folder).length > 1);
    journal.close();
  });

  test("segments before a given one go, and their bytes with them", (context) => {
    const folder = tempFolder(context);
    const { journal } = open(folder, 64);
    const places = Array.from({ length: 20 }, () => journal.append(1, Buffer.alloc(40)));
    const before = journal.bytes();
    const last = places.at(-1)?.segment ?? 0;
    journal.dropBefore(last);
    assert.ok(journal.bytes() < before);
    assert.equal(segments(folder).length, 1);
    journal.close();
  });

  test("syncs at the same time share their work and all resolve", async (context) => {
    const { journal } = open(tempFolder(context), 64);
    const syncs = Array.from({ length: 50 }, () => {
      journal.append(1, Buffer.alloc(40));
      return journal.sync();
    });
    await Promise.all(syncs);
    assert.ok(new Set(syncs).size < 10);
    journal.close();
  });

  test("who appends again as soon as its sync is done shares the next one", async (context) => {
    const { journal } = open(tempFolder(context));
    const { mock } = context.mock.method(fs, "fdatasync");
    syncBuiltinESMExports();
    context.after(() => {
      mock.restore();
      syncBuiltinESMExports();
    });
    const write = async (): Promise<void> => {
      for (let number = 0; number < 20; number += 1) {
        journal.append(1, Buffer.alloc(40));
        await journal.sync();
      }
    };
    await Promise.all(Array.from({ length: 16 }, write));
    assert.ok(mock.callCount() <= 80, `${mock.callCount()} syncs for 320 records`);
    journal.close();
  });

  test("a sync that fails fails for all who wait, and the next one covers a new segment", async (context) => {
    const folder = tempFolder(context);
    const { journal } = open(folder, 64);
    const { repair } = breakSync(context);
    for (let number = 0; number < 4; number += 1) journal.append(1, Buffer.alloc(40));
    const first = journal.sync();
    journal.append(1, Buffer.alloc(40));
    const second = journal.sync();
    await assert.rejects(first, /EIO/);
    await assert.rejects(second, /EIO/);
    repair();
    const { segment } = journal.append(1, Buffer.from("next"));
    assert.ok(segment > 3);
    await journal.sync();
    const files = readdirSync("/proc/self/fd").map((name) => linkOf(`/proc/self/fd/${name}`));
    assert.equal(
      files.filter((path) => path.startsWith(folder)).length,
      1,
      "closed ones are closed",
    );
    journal.close();
  });

  test("a segment that cannot be removed stays until it can", (context) => {
    const folder = tempFolder(context);
    const { journal } = open(folder, 64);
    const places = Array.from({ length: 20 }, () => journal.append(1, Buffer.alloc(40)));
    const [path = ""] = segments(folder);
    rmSync(path);
    mkdirSync(path);
    journal.dropBefore(places.at(-1)?.segment ?? 0);
    assert.equal(segments(folder).length, 2);
    rmdirSync(path);
    journal.dropBefore(places.at(-1)?.segment ?? 0);
    assert.equal(segments(folder).length, 1);
    journal.close();
  });
});

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
