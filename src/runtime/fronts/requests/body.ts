/** Reading a request's body, bounded, as it was before anybody compressed it. */

import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";

import { ScoringError } from "../../../core/problem.ts";
import type { BodyShare } from "./body-room.ts";
import type { HttpRequest } from "./http-request.ts";

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

/** There is room for each of the bodies that are here, and not for all of them together. */
export class NoRoom extends Error {}

export type BodyLimits = {
  /** Bytes of one body, by the deployment that its request names, if it does. */
  readonly each: (deployment: string | undefined) => number;
  /** Bytes of all that are here at a time; Infinity: no limit. */
  readonly together: number;
};

export type BodyBounds = {
  /** Of this body, packed or not. */
  readonly limitBytes: number;
  /** Where it is held until its request is answered. */
  readonly share: BodyShare;
};

/** @throws ScoringError INPUT_TOO_LARGE, INPUT_FORM; SenderGone; NoRoom */
export function readBody(request: HttpRequest, bounds: BodyBounds): Promise<Uint8Array> {
  const encoding = request.headers["content-encoding"];
  const body = readRaw(request, bounds);
  return encoding === undefined || encoding.toLowerCase() === "identity"
    ? body
    : body.then((packed) => decode(packed, encoding, bounds));
}

/** As it was sent. @throws as `readBody` */
export function readRaw(
  request: HttpRequest,
  { limitBytes, share }: BodyBounds,
): Promise<Uint8Array> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const pieces = new Pieces(declared);
    request.takeBody((piece) => {
      if (piece === null) resolve(pieces.join());
      else if (pieces.length + piece.length > limitBytes) reject(tooLarge(limitBytes));
      else if (!share.grow(piece.length)) reject(new NoRoom("too many bodies at a time"));
      else {
        pieces.add(piece);
        return true;
      }
      return false;
    });
    request.on("close", () => {
      // Its error event comes only to those who listen for it.
      if (!request.complete) reject(new SenderGone("the sender went away"));
    });
  });
}

/**
 * A body as it comes in. Pieces of a body whose length is known go to their place while they are still
 * in the cache; memory that was only promised to a sender who sends nothing is never touched.
 */
class Pieces {
  length = 0;
  readonly #declared: number;
  #whole: Buffer | undefined;
  #pieces: Buffer[] = [];

  /** @param declared bytes that will come; 0 where the sender does not say */
  constructor(declared: number) {
    this.#declared = declared;
  }

  add(piece: Buffer): void {
    const start = this.length;
    this.length += piece.length;
    if (this.#whole !== undefined) this.#whole.set(piece, start);
    else if (this.length < this.#declared && start === 0) {
      this.#whole = Buffer.allocUnsafeSlow(this.#declared);
      this.#whole.set(piece);
    } else this.#pieces.push(piece);
  }

  join(): Buffer {
    const [first, ...more] = this.#pieces;
    if (this.#whole !== undefined) return this.#whole;
    return more.length === 0 ? (first ?? EMPTY) : Buffer.concat(this.#pieces, this.length);
  }
}

async function decode(
  body: Uint8Array,
  encoding: string,
  { limitBytes, share }: BodyBounds,
): Promise<Uint8Array> {
  const known = Object.keys(DECODERS).find((name) => name === encoding.trim().toLowerCase());
  const mostBytes = Math.min(limitBytes, Math.max(MIN_UNPACKED_BYTES, body.length * MAX_RATIO));
  if (known === undefined) {
    throw new ScoringError(
      "INPUT_FORM",
      `the body is encoded as ${encoding.slice(0, 40)}, expected gzip, deflate or identity`,
    );
  }
  let unpacked: Buffer;
  try {
    unpacked = await DECODERS[known as keyof typeof DECODERS](body, {
      maxOutputLength: mostBytes,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw mostBytes === limitBytes ? tooLarge(limitBytes) : tooDense(body.length, mostBytes);
    const message = `the body is not ${known}: ${(error as Error).message}`;
    throw new ScoringError("INPUT_FORM", message, { cause: error });
  }
  if (!share.grow(unpacked.length)) throw new NoRoom("too many bodies at a time");
  return unpacked;
}

function tooDense(packedBytes: number, mostBytes: number): ScoringError {
  const rule = `${MAX_RATIO} times its size, or ${MIN_UNPACKED_BYTES} bytes where that is more`;
  return new ScoringError(
    "INPUT_TOO_LARGE",
    `the body of ${packedBytes} bytes unpacks to more than ${mostBytes} bytes; it may unpack to ${rule}`,
  );
}

function tooLarge(limitBytes: number): ScoringError {
  return new ScoringError("INPUT_TOO_LARGE", `the body is larger than ${limitBytes} bytes`);
}
