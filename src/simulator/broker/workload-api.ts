/**
 * What a module asks the edge daemon: whom to trust, and a signature with its key. One socket per
 * module, as on a device, so that no module can ask for another's.
 *
 * @source Azure/iotedge: edgelet/api/workloadVersion_2018_06_28.yaml
 */

import { createHmac } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";

export type WorkloadOptions = {
  readonly socket: string;
  readonly module: string;
  readonly key: Uint8Array;
  /** The certificates to trust, as PEM. */
  readonly trustBundle: () => string;
};

export type WorkloadApi = { readonly close: () => Promise<void> };

export async function serveWorkloadApi(options: WorkloadOptions): Promise<WorkloadApi> {
  rmSync(options.socket, { force: true });
  const server = createServer((request, response) => {
    void answer(options, request, response).catch(() => {
      reply(response, 400, { message: "the body is no JSON" });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.socket, resolve);
  });
  // A container's user has another number than ours.
  chmodSync(options.socket, 0o666);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { module, key, trustBundle }: WorkloadOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "GET" && pathname === "/trust-bundle") {
    return reply(response, 200, { certificate: trustBundle() });
  }
  const asked = /^\/modules\/(?<name>[^/]+)\/genid\/[^/]+\/sign$/.exec(pathname)?.groups?.["name"];
  if (request.method !== "POST" || asked === undefined) {
    return reply(response, 404, { message: `there is nothing at ${pathname}` });
  }
  if (decodeURIComponent(asked) !== module) {
    return reply(response, 403, { message: `this socket signs for ${module} alone` });
  }
  const { data } = (await json(request)) as { data?: unknown };
  if (typeof data !== "string") return reply(response, 400, { message: "data is absent" });
  const digest = createHmac("sha256", key).update(Buffer.from(data, "base64")).digest("base64");
  reply(response, 200, { digest });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
