import assert from "node:assert/strict";
import { suite, test } from "node:test";

import {
  createFrameReader,
  FRAME_KINDS,
  requestFrame,
} from "../../../../src/runtime/scripts/exchange/frames.ts";
import type { Frame } from "../../../../src/runtime/scripts/exchange/frames.ts";

function frame(kind: number, value: unknown, body: Buffer): Buffer {
  const text = value === undefined ? "" : JSON.stringify(value);
  const head = Buffer.alloc(9);
  head.writeUInt8(kind, 0);
  head.writeUInt32LE(Buffer.byteLength(text), 1);
  head.writeUInt32LE(body.length, 5);
  return Buffer.concat([head, Buffer.from(text), body]);
}

void suite("frames", () => {
  void test("are read whole, however their bytes are cut", () => {
    const sent = [
      frame(FRAME_KINDS.log, { level: "é" }, Buffer.from("line")),
      frame(FRAME_KINDS.end, undefined, Buffer.alloc(0)),
      frame(FRAME_KINDS.answer, [200], Buffer.alloc(300, 7)),
      frame(FRAME_KINDS.chunk, undefined, Buffer.from("x")),
    ];
    const bytes = Buffer.concat(sent);
    for (const size of [1, 2, 7, 8, 9, 10, 64, 333, bytes.length]) {
      const got: Frame[] = [];
      const read = createFrameReader((each) => got.push({ ...each, body: Buffer.from(each.body) }));
      for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size));
      assert.deepEqual(
        got.map(({ kind, value, body }) => [kind, value, body.length]),
        [
          [FRAME_KINDS.log, { level: "é" }, 4],
          [FRAME_KINDS.end, undefined, 0],
          [FRAME_KINDS.answer, [200], 300],
          [FRAME_KINDS.chunk, undefined, 1],
        ],
        `in pieces of ${size}`,
      );
    }
  });

  void test("a request is lengths, JSON of the envelope and of the headers, and body; a large body is not copied", () => {
    const request = { envelope: ["POST", "é"], headers: { a: "ö" }, body: Buffer.from("abc") };
    const small = Buffer.concat(requestFrame(request));
    assert.equal(small.readUInt32LE(0), Buffer.byteLength('["POST","é"]'));
    assert.equal(small.readUInt32LE(4), Buffer.byteLength('{"a":"ö"}'));
    assert.equal(small.readUInt32LE(8), 3);
    assert.equal(small.subarray(12).toString(), '["POST","é"]{"a":"ö"}abc');
    const large = Buffer.alloc(100_000);
    assert.equal(requestFrame({ envelope: ["POST"], body: large })[1], large);
  });
});
