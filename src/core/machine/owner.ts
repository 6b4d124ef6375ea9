/**
 * Whose is what a process has left behind, and is that process still there? What is shared with other
 * machines and namespaces may be of processes that cannot be seen from here: of those nothing is known.
 */

import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

import { startTicksOf } from "./start-ticks.ts";

/** What a mark looks like, to find it in a name. */
export const OWNER_MARK = /\d+-\d*-[0-9a-f]{8}-[0-9a-f]{8}/u;

/** A process for a name or a label: its number, its start, the machine's start, machine and namespace. */
export function ownerMark(pid: number = process.pid): string {
  const { boot, place } = surroundings();
  return [pid, startTicksOf(pid) ?? "", boot, place].join("-");
}

/** Whether the process of a mark has ended for certain. */
export function isGone(mark: string): boolean {
  const [pid, ticks, boot, place] = mark.split("-");
  const own = surroundings();
  if (!own.known || place !== own.place || ticks === undefined || ticks === "") return false;
  return boot !== own.boot || startTicksOf(Number(pid)) !== ticks;
}

type Surroundings = { readonly boot: string; readonly place: string; readonly known: boolean };

function surroundings(): Surroundings {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    const space = readlinkSync("/proc/self/ns/pid");
    return { boot: short(boot), place: short(`${hostname()} ${space}`), known: true };
  } catch {
    return { boot: short(""), place: short(hostname()), known: false };
  }
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
