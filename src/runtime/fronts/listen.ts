/** Putting a server on its address, with a fault that says what to do. */

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { userError } from "../../core/problem.ts";

/** Where it listens, e.g. `http://127.0.0.1:5001`. @throws UserError RUNTIME_PORT */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const inUse = error.code === "EADDRINUSE";
      reject(
        userError(
          "RUNTIME_PORT",
          `${host}:${port} cannot be listened on: ${error.code ?? error.message}`,
          {
            hint: inUse
              ? "Stop what listens there, or choose another port (0 picks a free one)."
              : "Choose another address or port.",
          },
        ),
      );
    });
    server.listen({ host, port }, () => {
      const { address, family, port: actual } = server.address() as AddressInfo;
      resolve(`http://${family === "IPv6" ? `[${address}]` : address}:${actual}`);
    });
  });
}
