/** Reading a request's body, bounded, as it was before anybody compressed it. */

import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";

import { ScoringError } from "../../core/problem.ts";

const DECODERS = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  // What servers call deflate is zlib's format.
  deflate: promisify(inflate),
};

const EMPTY = Buffer.alloc(0);
/** A body that unpacks to more than so many times its size is an attack: numbers pack 20 to 1 at best. */
const MAX_RATIO = 100;
const MIN_UNPACKED_BYTES = 1024 * 1024;

/** Nobody is there to be answered, and nothing is wrong with us. */
export class SenderGone extends Error {}

/** @throws ScoringError INPUT_TOO_LARGE, INPUT_FORM; Error when the sender goes away */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const encoding = request.headers["content-encoding"];
  const body = readRaw(request, limitBytes);
  return encoding === undefined || encoding.toLowerCase() === "identity"
    ? body
    : body.then((packed) => decode(packed, encoding, limitBytes));
}

/** As it was sent. */
export function readRaw(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limitBytes) {
        request.pause();
        reject(tooLarge(limitBytes));
      } else if (first === undefined) first = chunk;
      else (more ??= [first]).push(chunk);
    });
    request.on("end", () =>
      resolve(more === undefined ? (first ?? EMPTY) : Buffer.concat(more, length)),
    );
    request.on("close", () => {
      // Its error event comes only to those who listen for it.
      if (!request.complete) reject(new SenderGone("the sender went away"));
    });
  });
}

async function decode(body: Uint8Array, encoding: string, limitBytes: number): Promise<Uint8Array> {
  const known = Object.keys(DECODERS).find((name) => name === encoding.trim().toLowerCase());
  const mostBytes = Math.min(limitBytes, Math.max(MIN_UNPACKED_BYTES, body.length * MAX_RATIO));
  if (known === undefined) {
    throw new ScoringError(
      "INPUT_FORM",
      `the body is encoded as ${encoding.slice(0, 40)}, expected gzip, deflate or identity`,
    );
  }
  try {
    return await DECODERS[known as keyof typeof DECODERS](body, { maxOutputLength: mostBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(mostBytes);
    const message = `the body is not ${known}: ${(error as Error).message}`;
    throw new ScoringError("INPUT_FORM", message, { cause: error });
  }
}

function tooLarge(limitBytes: number): ScoringError {
  return new ScoringError("INPUT_TOO_LARGE", `the body is larger than ${limitBytes} bytes`);
}
