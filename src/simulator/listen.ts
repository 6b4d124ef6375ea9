/** Putting a server of the device on its address, with a fault that says what to do. */

import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

import { userError } from "../core/problem.ts";

export type Address = { readonly host: string; readonly port: number };

/** @param what is to listen there. The port; @throws UserError SIM_PORT */
export async function listenOn(
  server: Server,
  { host, port }: Address,
  what: string,
): Promise<number> {
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw userError("SIM_PORT", `${what} cannot listen on ${host}:${port}: ${code ?? message}`, {
      hint:
        code === "EADDRINUSE"
          ? "Stop what listens there, or choose another port (0 picks a free one)."
          : "Choose another port (0 picks a free one).",
    });
  }
  return (server.address() as AddressInfo).port;
}
