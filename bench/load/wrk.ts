/** How is load put on a server? By wrk, in a process of its own, over connections that stay open. */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import type { Processes } from "../processes.ts";
import { parseWrkOutput } from "./wrk-output.ts";
import type { WrkResult } from "./wrk-output.ts";

export const NO_WRK = "wrk is not installed, and nothing can be measured without it";
export const NO_WRK_HINT =
  "apt-get install wrk (Debian, Ubuntu); dnf, apk and brew call it wrk too";

export type Load = {
  readonly url: string;
  readonly script: string;
  readonly connections: number;
  readonly seconds: number;
};

export function hasWrk(): boolean {
  return spawnSync("wrk", ["--version"], { stdio: "ignore" }).error === undefined;
}

/** @throws Error where wrk says no figures, with what it said */
export async function runWrk(processes: Processes, load: Load): Promise<WrkResult> {
  const { url, script, connections, seconds } = load;
  const size = ["-t1", `-c${connections}`, `-d${seconds}s`];
  const args = [...size, "--timeout", "30s", "--latency", "-s", script, url];
  const child = processes.start("wrk", args);
  const closed = once(child, "close");
  const [said] = await Promise.all([text(child.stdout), closed]);
  return parseWrkOutput(said);
}
