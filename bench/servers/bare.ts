/** The floor with a server: bare-server.ts in a process of its own. */

import { fileURLToPath } from "node:url";

import { jsonBody, rawBody } from "../load/body.ts";
import type { BenchModel } from "../models/bench-model.ts";
import type { Workplace } from "../workplace.ts";
import { readyLine } from "./server.ts";
import type { Server } from "./server.ts";

export const BARE = "bare";
export const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: "1" };
export const BARE_SERVER = fileURLToPath(new URL("../bare-server.js", import.meta.url));

export async function startBare(
  { processes }: Workplace,
  { path }: BenchModel,
): Promise<Server & { readonly url: string }> {
  const child = processes.start(process.execPath, [BARE_SERVER, path], NO_TELEMETRY);
  const { url } = await readyLine<{ url: string }>(child);
  return {
    name: BARE,
    url,
    pid: child.pid ?? 0,
    request: ({ encoding, model }) => ({
      url: `${url}/`,
      body: encoding === "json" ? jsonBody(model) : rawBody(model),
    }),
    stop: () => processes.end(child),
  };
}
