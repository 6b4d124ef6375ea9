/** How do requests and answers cross the socket to a script's process? The other end is python/edgewright_host/wire.py. */

export const FRAME_KINDS = {
  ready: 1,
  failed: 2,
  answer: 3,
  chunk: 4,
  end: 5,
  broken: 6,
  log: 7,
} as const;

export type Frame = {
  readonly kind: number;
  /** The frame's JSON; `undefined` where it has none. */
  readonly value: unknown;
  readonly body: Buffer;
};

const HEAD_BYTES = 9;

/** A larger body is written by itself: the copy would cost more than the second write. */
const JOIN_BYTES = 16 * 1024;

/** One request in one or two pieces: lengths, `[method, path, query, headers]` as JSON, body. */
export function requestFrame(
  envelope: readonly unknown[],
  body: Uint8Array,
): readonly Uint8Array[] {
  const json = JSON.stringify(envelope);
  const length = Buffer.byteLength(json);
  const joined = body.length <= JOIN_BYTES;
  const head = Buffer.allocUnsafe(8 + length + (joined ? body.length : 0));
  head.writeUInt32LE(length, 0);
  head.writeUInt32LE(body.length, 4);
  head.write(json, 8);
  if (joined) head.set(body, 8 + length);
  return joined ? [head] : [head, body];
}

/** Takes bytes as they come, and hands each whole frame on. */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let head = Buffer.alloc(0);
  let open: { kind: number; textLength: number; bytes: Buffer; filled: number } | undefined;
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (open === undefined) {
        const missing = HEAD_BYTES - head.length;
        head = Buffer.concat([head, chunk.subarray(at, at + missing)]);
        at = Math.min(chunk.length, at + missing);
        if (head.length < HEAD_BYTES) return;
        const textLength = head.readUInt32LE(1);
        const length = textLength + head.readUInt32LE(5);
        // Where the frame is whole in this chunk it is used as it lies there.
        const whole = chunk.length - at >= length;
        const bytes = whole ? chunk.subarray(at, at + length) : Buffer.allocUnsafeSlow(length);
        open = { kind: head[0] ?? 0, textLength, bytes, filled: whole ? length : 0 };
        if (whole) at += length;
        head = Buffer.alloc(0);
      }
      if (open.filled < open.bytes.length) {
        const taken = chunk.copy(open.bytes, open.filled, at);
        open.filled += taken;
        at += taken;
      }
      if (open.filled < open.bytes.length) return;
      const { kind, textLength, bytes } = open;
      open = undefined;
      const text = bytes.toString("utf8", 0, textLength);
      onFrame({
        kind,
        value: text === "" ? undefined : (JSON.parse(text) as unknown),
        body: bytes.subarray(textLength),
      });
    }
  };
}
