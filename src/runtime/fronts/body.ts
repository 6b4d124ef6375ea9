/** Reading a request's body, bounded. */

import type { IncomingMessage } from "node:http";

import { ScoringError } from "../../core/problem.ts";

/** Larger ones grow as they come: a header alone must not make us hold memory. */
const PREALLOCATED_BYTES = 1024 * 1024;

/**
 * The whole body in a buffer of its own, so that it can move to another thread.
 *
 * @throws ScoringError INPUT_TOO_LARGE; Error when the sender goes away
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers["content-length"] ?? Number.NaN);
  if (declared > limitBytes) throw tooLarge(limitBytes);
  if (declared === 0) return new Uint8Array(0);
  if (declared <= PREALLOCATED_BYTES) return readExactly(request, declared);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function readExactly(request: IncomingMessage, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const body = new Uint8Array(length);
    let at = 0;
    request.on("data", (chunk: Uint8Array) => {
      body.set(chunk, at);
      at += chunk.length;
    });
    request.once("end", () => resolve(body));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the sender went away")));
  });
}

function tooLarge(limitBytes: number): ScoringError {
  return new ScoringError("INPUT_TOO_LARGE", `the body is larger than ${limitBytes} bytes`);
}
