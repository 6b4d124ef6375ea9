/** That nobody waits for an answer any more: told once, by whoever learns it first. */

export class Cancellation {
  #cancelled = false;
  #timedOut = false;
  #controller: AbortController | undefined;
  #listener: (() => void) | undefined;

  /** The caller went away, or the request's time is over. */
  cancel(why: "gone" | "timeout"): void {
    this.#cancelled = true;
    this.#timedOut ||= why === "timeout";
    this.#controller?.abort();
    this.#listener?.();
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Its time is over: what runs for it has to stop. */
  get timedOut(): boolean {
    return this.#timedOut;
  }

  /** The one who holds the request right now and has to be told; cheaper than a signal. */
  tell(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }

  /** For those who need to be told; made on demand, since most requests never need it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#cancelled) this.#controller.abort();
    return this.#controller.signal;
  }
}
