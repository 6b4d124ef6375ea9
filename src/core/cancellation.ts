/** That nobody waits for an answer any more: told once, by whoever learns it first. */

export class Cancellation {
  #cancelled = false;
  #controller: AbortController | undefined;

  /** The caller went away, or the request's time is over. */
  cancel(): void {
    this.#cancelled = true;
    this.#controller?.abort();
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** For those who need to be told; made on demand, since most requests never need it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#cancelled) this.#controller.abort();
    return this.#controller.signal;
  }
}
