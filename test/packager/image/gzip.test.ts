import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { suite, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { createCompressor, equalPieces, withoutSystem } from "../../../src/packager/image/gzip.ts";

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function gzip(bytes: Buffer, size: number): Promise<Buffer> {
  const compressed = Readable.from(equalPieces(cut(bytes, size))).pipe(createCompressor());
  const chunks: Uint8Array[] = [];
  for await (const chunk of withoutSystem(compressed)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const TEXT = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `line ${i % 977}\n`).join(""));

suite("gzip", () => {
  test("the header tells neither time nor system", async () => {
    const header = (await gzip(TEXT, 1000)).subarray(0, 10);
    assert.equal(header.toString("hex"), "1f8b08000000000000ff");
  });

  test("how the source is cut does not matter", async () => {
    const whole = await gzip(TEXT, TEXT.length);
    for (const size of [1009, 65_536, 300_000])
      assert.ok((await gzip(TEXT, size)).equals(whole), `pieces of ${size}`);
    assert.ok(gunzipSync(whole).equals(TEXT));
  });

  test("pieces have one size but the last", async () => {
    const sizes = [];
    for await (const piece of equalPieces(cut(Buffer.alloc(200_000), 7777)))
      sizes.push(piece.length);
    assert.deepEqual(sizes, [65_536, 65_536, 65_536, 3392]);
  });

  test("a header that comes byte by byte is patched as well", async () => {
    const chunks = [];
    for await (const chunk of withoutSystem(cut(Buffer.alloc(12), 1))) chunks.push(...chunk);
    assert.deepEqual(chunks, [0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0]);
  });
});
