/**
 * Is the body of a message one request, or several? A JSON array is several, each as it stands there:
 * read and written anew, large integers would lose digits and deep nesting would overflow the stack.
 */

export type Batch = {
  readonly count: number;
  /** The bytes of one item, white space around it included. */
  readonly item: (index: number) => Uint8Array;
};

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** As deep as a request may be; an item beyond it makes the whole a request with a fault. */
const MAX_DEPTH = 100;

/** `undefined` where the body is one request, or no JSON. */
export function batchOf(body: Uint8Array): Batch | undefined {
  if (body.find((byte) => byte > 0x20) !== OPEN_LIST || !isJson(body)) return undefined;
  const edges = edgesOf(body);
  if (edges === undefined) return undefined;
  const [start = 0, end = 0] = edges;
  const empty = edges.length === 2 && !body.subarray(start + 1, end).some((byte) => byte > 0x20);
  return {
    count: empty ? 0 : edges.length - 1,
    item: (index) => body.subarray((edges[index] ?? 0) + 1, edges[index + 1]),
  };
}

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
    return true;
  } catch {
    return false;
  }
}

/** Of valid JSON, where the items begin and end: the outer brackets and the commas between them. */
function edgesOf(body: Uint8Array): readonly number[] | undefined {
  const edges: number[] = [];
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (depth === 0) edges.push(at);
      depth += 1;
      if (depth > MAX_DEPTH + 1) return undefined;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth -= 1;
      if (depth === 0) edges.push(at);
    } else if (byte === COMMA && depth === 1) edges.push(at);
  }
  return edges;
}

function endOfString(body: Uint8Array, start: number): number {
  let at = start + 1;
  while (body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}
