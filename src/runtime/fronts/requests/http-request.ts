/**
 * A request whose body goes from the parser straight to who reads it: the stream that Node puts in
 * between costs a small request a twentieth of its time.
 */

import { IncomingMessage } from "node:http";

/** Takes a piece of the body, or null at its end; false: no more of it is wanted. */
export type TakePiece = (piece: Buffer | null) => boolean;

/** What may come before anybody reads; the connection is not read any further until then. */
const EARLY_BYTES = 64 * 1024;

export class HttpRequest extends IncomingMessage {
  #take: TakePiece | undefined;
  #early: (Buffer | null)[] = [];
  #earlyBytes = 0;

  /** Once a request: all of its body, in order. */
  takeBody(take: TakePiece): void {
    this.#take = take;
    const early = this.#early;
    this.#early = [];
    const wanted = early.map(take).every(Boolean);
    // The connection is read on, and Node knows that somebody cares for the body.
    if (wanted) this.read(0);
  }

  /** Called by Node's parser for each piece it finds, and with null behind the last. */
  override push(piece: Buffer | null): boolean {
    if (this.#take !== undefined) return this.#take(piece);
    this.#early.push(piece);
    this.#earlyBytes += piece?.length ?? 0;
    return this.#earlyBytes < EARLY_BYTES;
  }
}
