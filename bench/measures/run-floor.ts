/** What does a run cost with no server around it? */

import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import type { BenchModel } from "../models/bench-model.ts";
import { NO_TELEMETRY } from "../servers/bare.ts";
import type { Workplace } from "../workplace.ts";

export type RunFloor = { readonly runs: number; readonly cpuUs: number; readonly wallMs: number };

const LOOP = fileURLToPath(new URL("../bare-loop.js", import.meta.url));

export async function measureRunFloor(
  { processes }: Workplace,
  { path }: BenchModel,
  seconds: number,
): Promise<RunFloor> {
  const args = [LOOP, path, String(seconds)];
  const child = processes.start(process.execPath, args, NO_TELEMETRY);
  const closed = once(child, "close");
  const [said] = await Promise.all([text(child.stdout), closed]);
  return JSON.parse(said) as RunFloor;
}
