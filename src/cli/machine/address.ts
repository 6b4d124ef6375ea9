/** Can an address be listened on? Asked before anything is written for an endpoint that would stand there. */

import { createServer } from "node:http";

import { listen } from "../../runtime/fronts/listen.ts";

/** @param port 0 finds a free one always. @throws UserError RUNTIME_PORT */
export async function checkAddress(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  await new Promise((resolve) => server.close(resolve));
}
