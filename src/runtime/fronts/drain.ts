/** Which connection owes which answers? For an end of the server, or of one of them, that loses none. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";

/** How long a connection without a request may still bring one once the end has begun. */
const IDLE_MS = 500;

export type Drain = {
  readonly begun: () => boolean;
  /**
   * A request runs on its connection until its response is closed.
   *
   * @param onLost called when it closes before all of the answer was handed over
   */
  readonly enter: (request: IncomingMessage, response: ServerResponse, onLost: () => void) => void;
  /** Calls `then` when every request of a connection that has wholly arrived is answered. */
  readonly afterAnswers: (socket: Duplex, then: () => void) => void;
  /**
   * Stops listening; each open connection gets its next answer with `Connection: close`, or is closed
   * after 500 ms without a request. Resolves when none is left, at the latest after `graceMs`.
   */
  readonly finish: (graceMs: number) => Promise<void>;
};

type Connection = {
  running: number;
  /** Of those that run; all before it have arrived. */
  last: IncomingMessage | undefined;
  onClosed?: () => void;
};

export function createDrain(server: Server): Drain {
  const sockets = new Map<Duplex, Connection>();
  let begun = false;
  server.on("connection", (socket) => {
    sockets.set(socket, { running: 0, last: undefined });
    if (begun) closeWhenIdle(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const closeWhenIdle = (socket: Duplex): void => {
    setTimeout(() => {
      if (sockets.get(socket)?.running === 0) socket.destroy();
    }, IDLE_MS).unref();
  };
  return {
    begun: () => begun,
    enter: (request, response, onLost) => {
      const { socket } = request;
      const state = sockets.get(socket);
      if (state === undefined) return;
      state.running += 1;
      state.last = request;
      response.on("close", () => {
        state.running -= 1;
        // A connection that only waits keeps no request alive.
        if (state.last === request) state.last = undefined;
        if (!response.writableFinished) onLost();
        state.onClosed?.();
        // Its head may have been written before the end began.
        if (begun) closeWhenIdle(socket);
      });
    },
    afterAnswers: (socket, then) => {
      const state = sockets.get(socket);
      const check = (): void => {
        const owed = (state?.running ?? 0) - (state?.last?.complete === false ? 1 : 0);
        if (owed > 0) return;
        if (state !== undefined) delete state.onClosed;
        then();
      };
      if (state !== undefined) state.onClosed = check;
      check();
    },
    finish: async (graceMs) => {
      // What the kernel has accepted already belongs to us: let the loop take it first. Nobody is told
      // to close before the listener is: who opens the next connection is refused, and never reset.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      begun = true;
      const closed = new Promise((resolve) => {
        // http's own close would cut idle keep-alive connections at once.
        NetServer.prototype.close.call(server, resolve);
      });
      for (const socket of sockets.keys()) closeWhenIdle(socket);
      const late = setTimeout(() => {
        for (const socket of sockets.keys()) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(late);
    },
  };
}
