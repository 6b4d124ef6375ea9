/** What have earlier runs left on the volume? Results that wait, what the hub has, who is suspect. */

import type { JournalPlace } from "../../../journal/journal.ts";
import type { JournalRecord } from "../../../journal/record.ts";
import { BEGAN, parseStored, parseTaken, RESULT, STARTED, STOPPED, TAKEN } from "./result.ts";
import { createSuspects } from "./suspects.ts";

export type StoredResult = {
  readonly number: number;
  readonly at: number;
  readonly key: string;
  readonly bytes: number;
  readonly place: JournalPlace;
};

export type TakenResult = { readonly key: string; readonly at: number };

export class Leftovers {
  readonly suspects = createSuspects();
  /** Of results that the hub has, in the order in which it took them. */
  readonly taken: TakenResult[] = [];
  lastNumber = 0;
  /** The latest time there is. */
  lastAt = 0;
  #results: StoredResult[] = [];
  /** Of the first result that was not taken. */
  #first = 0;

  /** Oldest first. */
  get waiting(): readonly StoredResult[] {
    return this.#results.slice(this.#first);
  }

  /** @throws Error where the record is none of the outbox's */
  replay({ kind, payload }: JournalRecord, place: JournalPlace): void {
    const text = (): string => Buffer.from(payload).toString();
    switch (kind) {
      case RESULT:
        return this.#result(payload, place);
      case TAKEN:
        return this.#taken(parseTaken(text()));
      case BEGAN:
        return this.suspects.began(text());
      case STARTED:
        return this.suspects.started();
      case STOPPED:
        this.#seen(Number(text()));
        return this.suspects.stopped();
    }
  }

  #result(payload: Uint8Array, place: JournalPlace): void {
    const { number, at, result } = parseStored(payload);
    this.#seen(at);
    this.suspects.answered(result.key);
    this.lastNumber = Math.max(this.lastNumber, number);
    this.#results.push({ number, at, key: result.key, bytes: payload.length, place });
  }

  #taken({ number, at = this.lastAt }: { readonly number: number; readonly at?: number }): void {
    this.#seen(at);
    this.lastNumber = Math.max(this.lastNumber, number);
    for (
      let next = this.#results[this.#first];
      next !== undefined && next.number <= number;
      next = this.#results[this.#first]
    ) {
      this.taken.push({ key: next.key, at });
      this.#first += 1;
    }
  }

  #seen(at: number): void {
    this.lastAt = Math.max(this.lastAt, at);
  }
}
