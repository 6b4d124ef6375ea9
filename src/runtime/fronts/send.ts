/** Writing an answer to its connection. */

import type { ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";

import type { ScoringResponse } from "../../core/scoring.ts";

/** Up to here head and body go out as one string, which is one write instead of two. */
const ONE_WRITE_BYTES = 16 * 1024;

/**
 * @param ids   the headers of the request's ids
 * @param close whether this is the connection's last answer
 */
export function sendAnswer(
  response: ServerResponse,
  { status, headers, repeated, body }: ScoringResponse,
  { ids, close }: { readonly ids: Readonly<Record<string, string>>; readonly close: boolean },
): void {
  if (response.destroyed) return;
  const head: string[] = [];
  for (const name in headers) {
    if (repeated?.[name] === undefined && ids[name] === undefined)
      head.push(name, headers[name] as string);
  }
  for (const name in repeated) {
    if (ids[name] !== undefined) continue;
    for (const value of repeated[name] ?? []) head.push(name, value);
  }
  for (const name in ids) head.push(name, ids[name] as string);
  if (close) head.push("connection", "close");
  if (!(body instanceof Uint8Array)) {
    response.writeHead(status, head);
    // A stream that breaks off breaks the connection: the reader sees that it is not whole.
    // A stream as it is: a wrapper's end would wait for the next piece, which may never come.
    const pieces = body instanceof Readable ? body : Readable.from(body);
    pipeline(pieces, response, () => undefined);
    return;
  }
  head.push("content-length", String(body.length));
  response.writeHead(status, head);
  if (body.length > ONE_WRITE_BYTES) response.end(body);
  else {
    // One character a byte, and back: whatever the bytes are.
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    response.end(bytes.toString("latin1"), "latin1");
  }
}
