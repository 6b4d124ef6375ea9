/** A runtime that serves in this process, for one test file. */

import type { Log } from "../../src/core/ports.ts";
import { serve } from "../../src/runtime/serve.ts";
import type { Running, ServeOptions } from "../../src/runtime/serve.ts";
import { endpointOf } from "./endpoint.ts";
import type { TestDeployment } from "./endpoint.ts";

const silence = (): void => undefined;
export const SILENT_LOG: Log = { debug: silence, info: silence, warn: silence, error: silence };

export const CLOCK = { now: () => Date.now(), monotonic: () => performance.now() };

/** On a free port without credentials, unless said otherwise. */
export async function served(
  deployments: Readonly<Record<string, TestDeployment>>,
  over: Partial<ServeOptions> & { readonly placement?: "inline" | "worker" | "process" } = {},
): Promise<Running> {
  const endpoint = await endpointOf(deployments);
  const { placement, ...options } = over;
  const module = { ...endpoint.module, ...(placement && { placement }) };
  return serve({
    endpoint: { ...endpoint, module },
    host: "127.0.0.1",
    port: 0,
    auth: { mode: "none", keys: [] },
    log: SILENT_LOG,
    clock: CLOCK,
    ...options,
  });
}

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  // What the tests look into is what they assert.
  readonly body: Record<string, unknown>;
};

export async function score(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${url}/score`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const json = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body: json };
}
