import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { UserError } from "../../../src/core/problem.ts";
import { canonicalEntries, directory, symlink, textFile } from "../../../src/packager/entry.ts";
import type { Entry } from "../../../src/packager/entry.ts";
import { entryHeader, tarChunks } from "../../../src/packager/image/tar.ts";
import { readBack } from "../support/entries.ts";
import { tempFolder } from "../support/temp-folder.ts";

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarChunks(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function field(block: Buffer, from: number, to: number): string {
  return block.subarray(from, to).toString("latin1").replace(/\0.*$/su, "");
}

suite("tarChunks", () => {
  test("a small tar has the bytes it always had", async () => {
    const bytes = await tar([textFile("a/b.txt", "hello\n"), symlink("c", "a/b.txt")]);
    assert.equal(bytes.length, 6 * 512);
    assert.equal(
      createHash("sha256").update(bytes).digest("hex"),
      "4d51624bbc4347a0afe2f97fa22d170b30a4303329775dade98c97d731db04c9",
    );
  });

  test("a header holds mode, owner 0, time 0 and a right checksum", () => {
    const header = entryHeader(textFile("a/b.txt", "hello\n"));
    assert.equal(header.length, 512);
    assert.equal(field(header, 0, 100), "a/b.txt");
    assert.equal(field(header, 100, 108), "0000644");
    assert.equal(field(header, 108, 116), "0000000");
    assert.equal(field(header, 124, 136), "00000000006");
    assert.equal(field(header, 136, 148), "00000000000");
    assert.equal(field(header, 257, 265), "ustar");
    assert.equal(field(header, 265, 329), "");
    const sum = Number.parseInt(field(header, 148, 155), 8);
    header.fill(" ", 148, 156);
    assert.equal(
      sum,
      header.reduce((total, byte) => total + byte, 0),
    );
  });

  test("an owner is written as numbers", () => {
    const header = entryHeader({ ...directory("data"), owner: { uid: 10001, gid: 10001 } });
    assert.equal(Number.parseInt(field(header, 108, 116), 8), 10001);
    assert.equal(field(header, 0, 100), "data/");
  });

  test("a path of 101 to 255 bytes is cut at a slash and needs no pax record", () => {
    const header = entryHeader(textFile(`${"d".repeat(120)}/${"f".repeat(90)}`, ""));
    assert.equal(header.length, 512);
    assert.equal(field(header, 0, 100), "f".repeat(90));
    assert.equal(field(header, 345, 500), "d".repeat(120));
  });

  for (const [what, path] of [
    ["a name of more than 100 bytes", "n".repeat(101)],
    ["a name beyond ASCII", "mødel.onnx"],
    ["a path of more than 255 bytes", `${"d/".repeat(130)}file`],
  ] as const) {
    test(`${what} goes into a pax record whose length counts itself`, async (t) => {
      const header = entryHeader(textFile(path, ""));
      assert.equal(field(header, 156, 157), "x");
      const record = field(header, 512, 1024);
      assert.equal(
        Buffer.byteLength(header.subarray(512, 512 + Number.parseInt(record, 10))),
        Number.parseInt(record, 10),
      );
      const found = await readBack([textFile(path, "here")], await tempFolder(t));
      assert.equal(found.get(path)?.text, "here");
    });
  }

  test("a link target of more than 100 bytes survives", async (t) => {
    const target = `/${"t".repeat(150)}`;
    const found = await readBack([symlink("link", target)], await tempFolder(t));
    assert.equal(found.get("link")?.target, target);
  });

  test("every path and text comes back from another reader", async (t) => {
    const folder = await tempFolder(t);
    const part = fc.stringMatching(/^[a-zA-Z0-9äµ_-]{1,80}$/u);
    const files = fc.uniqueArray(
      fc.tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.string({ maxLength: 2000 })),
      { selector: ([parts]) => parts[0], minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(files, async (list) => {
        const entries = list.map(([parts, text]) => textFile(parts.join("/"), text));
        const found = await readBack(entries, folder);
        for (const [parts, text] of list)
          assert.equal(found.get(parts.join("/"))?.text, Buffer.from(text).toString());
      }),
      { numRuns: 50 },
    );
  });

  test("a file that grew since the plan is refused by name", async (t) => {
    const file = join(await tempFolder(t), "model.onnx");
    await writeFile(file, "longer");
    const entry: Entry = { kind: "file", path: "m", mode: 0o644, content: { file, size: 3 } };
    await assert.rejects(tar([entry]), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.problems[0]?.code, "BUILD_INPUT");
      assert.ok(error.message.includes(file));
      return true;
    });
  });
});

suite("canonicalEntries", () => {
  test("parents are there, and everything is in the order of bytes", () => {
    const paths = canonicalEntries([textFile("b/x/z", ""), textFile("b-a", ""), textFile("B", "")]);
    assert.deepEqual(
      paths.map(({ path }) => path),
      ["B", "b", "b-a", "b/x", "b/x/z"],
    );
  });

  for (const path of ["/etc/passwd", "a/../b", "a//b", "", "a/", "./a"]) {
    test(`"${path}" is no path of an image`, () => {
      assert.throws(() => canonicalEntries([textFile(path, "")]), /no path inside an image/u);
    });
  }

  test("one path twice is refused", () => {
    assert.throws(() => canonicalEntries([textFile("a", "1"), textFile("a", "2")]), /twice/u);
  });
});
