/** Who works in an output folder right now? One process at a time; one that is gone holds nothing. */

import { randomUUID } from "node:crypto";
import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";

import type { Clock } from "../../../core/ports.ts";
import { startTicksOf } from "../../../core/machine/start-ticks.ts";
import { beatAge, STALE_MS } from "./pulse.ts";
import type { Pulse } from "./pulse.ts";

export type LeaseHolder = {
  readonly host: string;
  readonly pid: number;
  /** Of the process, in clock ticks since boot: another process may get the same number. */
  readonly startTicks: string;
  readonly token: string;
};

/** Of a lease that cannot be read: its last heartbeat is all that is known. */
const UNKNOWN: LeaseHolder = { host: "an unknown host", pid: 0, startTicks: "", token: "" };

export type Lease = {
  /** Whether it is still this process that holds it: asked before each write. */
  readonly held: () => boolean;
  /** @throws Error where it is not held any more */
  readonly demand: () => void;
  /** Of this holder alone. */
  readonly token: string;
  readonly release: () => void;
};

const HEARTBEAT_MS = 5_000;

export type LeaseOptions = {
  /** What was seen of its holder's heartbeat so far. */
  readonly pulse: Pulse;
  readonly file: string;
  readonly host: string;
  readonly pid: number;
  readonly clock: Clock;
};

/** The lease, or whoever holds it. @throws Error with its `code` where the folder takes no file */
export function takeLease(options: LeaseOptions): Lease | LeaseHolder {
  const { file, host, pid, clock, pulse } = options;
  const holder: LeaseHolder = {
    host,
    pid,
    startTicks: startTicksOf(pid) ?? "",
    token: randomUUID(),
  };
  const own = `${file}.${holder.token}`;
  try {
    // On the disk before it has its name: no power cut leaves an empty lease.
    writeFileSync(own, JSON.stringify(holder), { flush: true });
    while (!linked(own, file)) {
      const other = readHolder(file) ?? (existsSync(file) ? UNKNOWN : undefined);
      if (other !== undefined && !isGone(host, other) && !pulse.stopped(other.token)) return other;
      // Under a name of its own first: two who come at once do not remove each other's.
      if (other !== undefined) setAside(file, other, holder.token);
    }
  } finally {
    rmSync(own, { force: true });
  }
  const held = (): boolean => readHolder(file)?.token === holder.token;
  const beat = setInterval(() => {
    const seconds = clock.now() / 1000;
    try {
      if (held()) utimesSync(file, seconds, seconds);
    } catch {
      // Gone, or not to be written: the next write asks whether it is held.
    }
  }, HEARTBEAT_MS).unref();
  return {
    held,
    demand: () => {
      if (!held()) throw new Error("the lease is lost");
    },
    token: holder.token,
    release: () => {
      clearInterval(beat);
      if (held()) rmSync(file, { force: true });
    },
  };
}

export function isLease(taken: Lease | LeaseHolder): taken is Lease {
  return "held" in taken;
}

/** A hard link is made by one of two who try at once. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function setAside(file: string, expected: LeaseHolder, token: string): void {
  const aside = `${file}.stale-${token}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  // Somebody was faster, and this is their lease.
  if (moved !== undefined && moved.token !== expected.token) linked(aside, file);
  rmSync(aside, { force: true });
}

/** `undefined` where nobody holds it, or who it is cannot be read. */
export function readHolder(file: string): LeaseHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as LeaseHolder | null;
    return typeof holder?.token === "string" ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Whether its process is known to have ended: on this host alone that can be told at once. */
function isGone(host: string, holder: LeaseHolder): boolean {
  return holder.host === host && startTicksOf(holder.pid) !== holder.startTicks;
}

/** Whether somebody works under it, at one look: what two clocks differ by may deceive. */
export function seemsHeld(
  { file, host, clock }: Pick<LeaseOptions, "file" | "host" | "clock">,
  holder: LeaseHolder,
): boolean {
  if (isGone(host, holder)) return false;
  return holder.host === host || Math.abs(beatAge(file, clock)) <= STALE_MS;
}
