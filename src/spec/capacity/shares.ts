/** How is a device's room shared out among instances? Pure arithmetic; the order is DESIGN's rule. */

import { MIB } from "./quantity.ts";
import { scriptProcesses } from "../resolved.ts";
import type { ResolvedDeployment } from "../resolved.ts";

/** What all instances may use together. */
export type Room = { readonly cpus: number; readonly memoryBytes: number };

/** What a deployment asks for, with the amounts below which it cannot be cut. */
export type Claim = {
  readonly name: string;
  readonly traffic: number;
  readonly instances: number;
  readonly minInstances: number;
  readonly cpus: Amount;
  readonly memoryBytes: Amount;
};

/** Per instance. `want` is `null` where the spec sets no limit, until it is given an equal share. */
type Amount = {
  readonly want: number | null;
  readonly least: number;
  /** Whether `want` is a share: cutting it takes nothing that anybody asked for. */
  readonly isShare?: boolean;
};

/** @source moby/moby: daemon/daemon_unix.go, the range of NanoCpus */
const LEAST_CPUS = 0.01;
/** No engine starts in less. */
const LEAST_MEMORY_BYTES = 32 * MIB;
/** CPUs are cut to thousandths; sums of them are compared with a tolerance far below that. */
const EPSILON = 1e-9;

export function claimOf(deployment: ResolvedDeployment, needBytes = 0): Claim {
  const { name, traffic, instances, cpus, limitsFrom } = deployment;
  // Each process of a script may use what the spec gives an instance.
  const processes = scriptProcesses(deployment);
  const memoryBytes = deployment.memoryBytes && deployment.memoryBytes * processes;
  const leastMemory = Math.max(needBytes, LEAST_MEMORY_BYTES) * processes;
  const byNumber = limitsFrom === "resources" && memoryBytes !== null;
  return {
    name,
    traffic,
    instances,
    minInstances: Math.min(deployment.scale.minInstances, instances),
    cpus: { want: cpus, least: Math.min(cpus ?? LEAST_CPUS, LEAST_CPUS) },
    memoryBytes: {
      want: memoryBytes,
      least: byNumber ? memoryBytes : Math.min(memoryBytes ?? leastMemory, leastMemory),
    },
  };
}

export type Resource = "cpus" | "memoryBytes";

/** What everything at its least takes: the room below which nothing helps. */
export function leastRoom(claims: readonly Claim[]): Room {
  const sum = (of: Resource): number =>
    claims.reduce((total, claim) => total + claim.minInstances * claim[of].least, 0);
  return { cpus: sum("cpus"), memoryBytes: sum("memoryBytes") };
}

/** Gives everyone without a limit the same: a share of all room, or of what the others leave, if that is more. */
export function withEqualShares(claims: readonly Claim[], room: Room): readonly Claim[] {
  const share = (of: Resource): number => {
    const open = claims.filter((claim) => claim[of].want === null);
    const left = room[of] - sumOf(claims, of);
    return roundDown(Math.max(room[of] / count(claims), left / count(open)), of);
  };
  const filled = (claim: Claim, of: Resource): Amount =>
    claim[of].want === null
      ? { ...claim[of], want: Math.max(share(of), claim[of].least), isShare: true }
      : claim[of];
  return claims.map((claim) => ({
    ...claim,
    cpus: filled(claim, "cpus"),
    memoryBytes: filled(claim, "memoryBytes"),
  }));
}

export function sumOf(claims: readonly Claim[], of: Resource): number {
  return claims.reduce((total, claim) => total + claim.instances * (claim[of].want ?? 0), 0);
}

export function fits(claims: readonly Claim[], room: Room): boolean {
  return isWithin({ cpus: sumOf(claims, "cpus"), memoryBytes: sumOf(claims, "memoryBytes") }, room);
}

export function isWithin(asked: Room, room: Room): boolean {
  return asked.cpus <= room.cpus + EPSILON && asked.memoryBytes <= room.memoryBytes;
}

function count(claims: readonly Claim[]): number {
  return claims.reduce((total, claim) => total + claim.instances, 0);
}

/** Who gives up an instance next: the least traffic per instance, ties by name. */
export function nextToShrink(claims: readonly Claim[]): Claim | undefined {
  const able = claims.filter((claim) => claim.instances > claim.minInstances);
  const [first] = able.toSorted(
    (a, b) => a.traffic / a.instances - b.traffic / b.instances || (a.name < b.name ? -1 : 1),
  );
  return first;
}

/**
 * Cuts one resource in proportion to what is wanted, nobody below the least. Where it fits, nothing
 * changes. The least of all must fit.
 */
export function cut(claims: readonly Claim[], of: Resource, room: number): readonly number[] {
  const wanted = claims.map((claim) => claim[of].want ?? 0);
  if (sumOf(claims, of) <= room + EPSILON) return wanted;
  const pinned = new Set<Claim>();
  for (;;) {
    const free = claims.filter((claim) => !pinned.has(claim));
    const taken = [...pinned].reduce((sum, claim) => sum + claim.instances * claim[of].least, 0);
    const factor = (room - taken) / sumOf(free, of);
    const below = free.filter((claim) => (claim[of].want ?? 0) * factor < claim[of].least);
    if (below.length === 0) {
      return claims.map((claim) => {
        if (pinned.has(claim)) return claim[of].least;
        return Math.max(roundDown((claim[of].want ?? 0) * factor, of), claim[of].least);
      });
    }
    for (const claim of below) pinned.add(claim);
  }
}

/** To thousandths of a CPU and whole MiB, so that people can read them. */
function roundDown(amount: number, of: Resource): number {
  return of === "cpus"
    ? Math.floor(amount * 1000 + EPSILON) / 1000
    : Math.floor(amount / MIB) * MIB;
}
