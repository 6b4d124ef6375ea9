/** Ending an HTTP server without losing a request that has arrived. */

import type { Server, ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import type { Socket } from "node:net";

/** How long a connection without a request may still bring one once the end has begun. */
const IDLE_MS = 500;

export type Drain = {
  readonly begun: () => boolean;
  /**
   * A request runs on its connection until its response is closed.
   *
   * @param onLost called when it closes before all of the answer was handed over
   */
  readonly enter: (socket: Socket, response: ServerResponse, onLost: () => void) => void;
  /**
   * Stops listening; each open connection gets its next answer with `Connection: close`, or is closed
   * after 500 ms without a request. Resolves when none is left, at the latest after `graceMs`.
   */
  readonly finish: (graceMs: number) => Promise<void>;
};

export function createDrain(server: Server): Drain {
  const sockets = new Map<Socket, { running: number }>();
  let begun = false;
  server.on("connection", (socket) => {
    sockets.set(socket, { running: 0 });
    if (begun) closeWhenIdle(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const closeWhenIdle = (socket: Socket): void => {
    setTimeout(() => {
      if (sockets.get(socket)?.running === 0) socket.destroy();
    }, IDLE_MS).unref();
  };
  return {
    begun: () => begun,
    enter: (socket, response, onLost) => {
      const state = sockets.get(socket);
      if (state === undefined) return;
      state.running += 1;
      response.on("close", () => {
        state.running -= 1;
        if (!response.writableFinished) onLost();
        // Its head may have been written before the end began.
        if (begun) closeWhenIdle(socket);
      });
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
