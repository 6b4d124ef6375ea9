/**
 * The connection to the hub, for as long as the module lives: a new client each time, with longer and
 * longer pauses while there is no hub. Offline is a normal state, not a fault.
 */

import type { Log } from "../../core/ports.ts";
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
  readonly log: Log;
};

export type Connection = {
  readonly connected: () => boolean;
  readonly stop: () => Promise<void>;
};

const FIRST_PAUSE_MS = 250;
/** The hub of a device is near: it is back when somebody sees it. */
const LAST_PAUSE_MS = 5_000;
/** A connection that lasted this long was a good one. */
const GOOD_MS = 10_000;

export function keepConnected(options: ConnectionOptions): Connection {
  const { log } = options;
  let client: EdgeClient | undefined;
  let connected = false;
  let stopped = false;
  let wake: () => void = () => undefined;
  let said = "";

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms * (0.5 + options.random()));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const once = async (): Promise<void> => {
    const opened = await options.open();
    client = opened;
    try {
      if (stopped) return;
      await Promise.race([options.begin(opened), opened.ended.then(fail)]);
      connected = true;
      said = "";
      log.info("connected to the hub");
      const reason = await opened.ended;
      if (!stopped) log.warn(`the connection to the hub ended: ${reason}`);
    } finally {
      connected = false;
      options.end();
      client = undefined;
      await opened.close();
    }
  };
  const loop = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    while (!stopped) {
      const good = setTimeout(() => {
        pauseMs = FIRST_PAUSE_MS;
      }, GOOD_MS);
      try {
        await once();
        pauseMs = FIRST_PAUSE_MS;
      } catch (error) {
        const { message } = error as Error;
        // Once for each reason: an hour without a hub is one line, not a thousand.
        if (message !== said) log.warn(`there is no hub yet: ${message}`);
        said = message;
      }
      clearTimeout(good);
      if (stopped) return;
      await pause(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS);
    }
  };
  const running = loop();
  return {
    connected: () => connected,
    stop: async () => {
      stopped = true;
      wake();
      await client?.close();
      await running;
    },
  };
}

function fail(reason: string): never {
  throw new Error(reason);
}
