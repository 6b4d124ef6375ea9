/**
 * The connection to the hub, for as long as the module lives: a new client each time, with longer and
 * longer pauses while there is no hub. Offline is a normal state, not a fault.
 */

import type { Clock, Log } from "../../../core/ports.ts";
import type { EdgeClient } from "./client.ts";

export type ConnectionOptions = {
  /** @throws Error where the hub cannot be reached */
  readonly open: () => Promise<EdgeClient>;
  /** What is done with each client as its connection begins. @throws Error: the client is of no use */
  readonly begin: (client: EdgeClient) => Promise<void>;
  /** The connection is gone. */
  readonly end: () => void;
  /** From 0 to 1, so that modules do not all come back at once. */
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Log;
};

const FIRST_PAUSE_MS = 250;
/** The hub of a device is near: it is back when somebody sees it. */
const LAST_PAUSE_MS = 2_000;
/** A connection that lasted this long was a good one: the first pause is short again. */
const GOOD_MS = 1_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #running: Promise<void>;
  #client: EdgeClient | undefined;
  #connected = false;
  #stopped = false;
  #wake: (() => void) | undefined;
  /** The last reason that went to the log: an hour without a hub is one line, not a thousand. */
  #said = "";

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#running = this.#loop();
  }

  get connected(): boolean {
    return this.#connected;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#client?.close();
    await this.#running;
  }

  async #loop(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopped) {
      try {
        const lastedMs = await this.#once();
        if (lastedMs >= GOOD_MS) pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        this.#say((error as Error).message);
      }
      await this.#pause(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS);
    }
  }

  /** How long the connection lasted. @throws Error where there was none */
  async #once(): Promise<number> {
    const { open, begin, end, log, clock } = this.#options;
    const client = await open();
    this.#client = client;
    try {
      if (this.#stopped) return 0;
      await Promise.race([begin(client), client.ended.then(fail)]);
      this.#connected = true;
      this.#said = "";
      log.info("connected to the hub");
      const since = clock.monotonic();
      const reason = await client.ended;
      if (!this.#stopped) log.warn(`the connection to the hub ended: ${reason}`);
      return clock.monotonic() - since;
    } finally {
      this.#connected = false;
      this.#client = undefined;
      end();
      await client.close();
    }
  }

  #say(reason: string): void {
    if (reason !== this.#said) this.#options.log.warn(`there is no hub yet: ${reason}`);
    this.#said = reason;
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms * (0.5 + this.#options.random()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function fail(reason: string): never {
  throw new Error(reason);
}
