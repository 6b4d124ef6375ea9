/** How do requests and answers cross the socket to a script's process? The other end is python/edgewright_host/wire.py. */

export const FRAME_KINDS = {
  ready: 1,
  failed: 2,
  answer: 3,
  chunk: 4,
  end: 5,
  broken: 6,
  log: 7,
  result: 8,
  started: 9,
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

export type ScriptRequest = {
  /** What the host reads at once: `[method, path, query, content type]`; a batch's files. */
  readonly envelope: readonly unknown[];
  /** What it reads when the script asks. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** One request in one or two pieces: three lengths, envelope and headers as JSON, body. */
export function requestFrame({ envelope, headers, body }: ScriptRequest): readonly Uint8Array[] {
  const first = JSON.stringify(envelope);
  const text = headers === undefined ? first : first + JSON.stringify(headers);
  const firstLength = Buffer.byteLength(first);
  const length = Buffer.byteLength(text);
  const joined = body.length <= JOIN_BYTES;
  const head = Buffer.allocUnsafe(12 + length + (joined ? body.length : 0));
  head.writeUInt32LE(firstLength, 0);
  head.writeUInt32LE(length - firstLength, 4);
  head.writeUInt32LE(body.length, 8);
  head.write(text, 12);
  if (joined) head.set(body, 12 + length);
  return joined ? [head] : [head, body];
}

type Open = {
  readonly kind: number;
  readonly textLength: number;
  readonly bytes: Buffer;
  filled: number;
};

/** Takes bytes as they come, and hands each whole frame on. */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer | undefined;
  let open: Open | undefined;
  return (given) => {
    let at = 0;
    let chunk = given;
    if (open === undefined && rest !== undefined) {
      chunk = Buffer.concat([rest, given]);
      rest = undefined;
    }
    while (at < chunk.length) {
      if (open === undefined) {
        if (chunk.length - at < HEAD_BYTES) {
          rest = Buffer.from(chunk.subarray(at));
          return;
        }
        const textLength = chunk.readUInt32LE(at + 1);
        const length = textLength + chunk.readUInt32LE(at + 5);
        const kind = chunk[at] as number;
        at += HEAD_BYTES;
        if (chunk.length - at >= length) {
          // A frame that is whole in this chunk is used as it lies there.
          onFrame(frameOf(kind, textLength, chunk.subarray(at, at + length)));
          at += length;
          continue;
        }
        open = { kind, textLength, bytes: Buffer.allocUnsafeSlow(length), filled: 0 };
      }
      const taken = chunk.copy(open.bytes, open.filled, at);
      open.filled += taken;
      at += taken;
      if (open.filled < open.bytes.length) return;
      const { kind, textLength, bytes } = open;
      open = undefined;
      onFrame(frameOf(kind, textLength, bytes));
    }
  };
}

function frameOf(kind: number, textLength: number, bytes: Buffer): Frame {
  return {
    kind,
    value:
      textLength === 0 ? undefined : (JSON.parse(bytes.toString("utf8", 0, textLength)) as unknown),
    body: bytes.subarray(textLength),
  };
}
