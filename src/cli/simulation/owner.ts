/**
 * Whose is what stands in the engine, and is its simulator still there? The engine may be shared with
 * machines and namespaces whose processes cannot be seen from here: of those nothing is known.
 */

import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

import { startTicksOf } from "../../core/start-ticks.ts";

/** A process for a label: its machine and namespace, the machine's start, its number, its own start. */
export function ownerMark(pid: number): string {
  return [...surroundings(), pid, startTicksOf(pid) ?? ""].join(" ");
}

/** Whether the process of a mark has ended for certain. */
export function isGone(mark: string): boolean {
  const [host, space, boot, pid, ticks] = mark.split(" ");
  const [ownHost, ownSpace, ownBoot] = surroundings();
  if (host !== ownHost || space !== ownSpace || ownSpace === "" || ticks === undefined)
    return false;
  return boot !== ownBoot || startTicksOf(Number(pid)) !== ticks;
}

function surroundings(): readonly [host: string, space: string, boot: string] {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return [hostname(), readlinkSync("/proc/self/ns/pid"), boot];
  } catch {
    return [hostname(), "", ""];
  }
}
