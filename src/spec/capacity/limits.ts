/** What may the module use, and how is an endpoint made to fit a device? */

import type { Place, Problem, Read } from "../../core/problem.ts";
import type { Device } from "./device.ts";
import { MIB, renderCpus, renderMemory } from "./quantity.ts";
import { scriptProcesses } from "../resolved.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../resolved.ts";
import {
  claimOf,
  cut,
  fits,
  isWithin,
  leastRoom,
  nextToShrink,
  sumOf,
  withEqualShares,
} from "./shares.ts";
import type { Claim, Resource, Room } from "./shares.ts";

/** What the router takes beside the instances; provisional until the runtime is measured. */
export const ROUTER_MEMORY_BYTES = 96 * MIB;

export type FitOptions = {
  readonly device?: Device;
  /** Where the spec says what the device has, for the error; absent where a flag does. */
  readonly deviceAt?: Place;
  /** What one instance of a deployment was measured to need; its memory is never cut below. */
  readonly needBytes?: (deployment: string) => number | undefined;
  /** Where a deployment stands, for the warnings. */
  readonly placeOf?: (path: readonly (string | number)[]) => Place;
};

type Warn = (deployment: string, message: string, hint: string) => void;

/** Fills the module's limits; on a device reduces what does not fit, each step a warning. */
export function fitToDevice(
  endpoint: ResolvedEndpoint,
  options: FitOptions = {},
): Read<ResolvedEndpoint> {
  const { device, deviceAt, placeOf, needBytes } = options;
  if (device === undefined) return { ok: true, value: withModuleLimits(endpoint), problems: [] };
  const asked = endpoint.deployments.map((each) => claimOf(each, needBytes?.(each.name)));
  const room = roomOf(device);
  const least = leastRoom(asked);
  if (!isWithin(least, room)) {
    return {
      ok: false,
      problems: [{ ...tooSmall(endpoint, device, least), ...(deviceAt && { at: deviceAt }) }],
    };
  }
  const problems: Problem[] = [];
  const warn: Warn = (deployment, message, hint) => {
    const at = placeOf === undefined ? {} : { at: placeOf(["deployments", deployment]) };
    problems.push({ code: "SPEC_REDUCED", severity: "warning", message, ...at, hint });
  };
  let claims = withEqualShares(asked, room);
  claims = dropInstances(claims, room, warn);
  claims = cutResource(claims, { of: "cpus", room, warn });
  claims = cutResource(claims, { of: "memoryBytes", room, warn });
  const deployments = endpoint.deployments.map((each, index) => granted(each, claims[index]));
  const fitted = withModuleLimits({ ...endpoint, deployments });
  return { ok: true, value: fitted, problems };
}

function roomOf(device: Device): Room {
  return {
    cpus: device.cpus - device.reserve.cpus,
    memoryBytes: device.memoryBytes - device.reserve.memoryBytes - ROUTER_MEMORY_BYTES,
  };
}

/** One instance at a time; what one deployment gives up in a row is one warning. */
function dropInstances(claims: readonly Claim[], room: Room, warn: Warn): readonly Claim[] {
  let now = claims;
  let run: { readonly from: Claim; readonly before: readonly Claim[]; to: number } | undefined;
  const tell = (): void => {
    if (run === undefined) return;
    const { from, before, to } = run;
    warn(
      from.name,
      `${from.name} has ${to} ${to === 1 ? "instance" : "instances"} instead of ${from.instances}: ${renderRoom(total(before))} do not fit into ${renderRoom(room)}`,
      `Set instance_count of ${from.name} to ${to}, or use a larger device.`,
    );
  };
  while (!fits(now, room)) {
    const next = nextToShrink(now);
    if (next === undefined) break;
    if (run?.from.name !== next.name) {
      tell();
      run = { from: next, before: now, to: next.instances };
    }
    run.to = next.instances - 1;
    now = now.map((claim) =>
      claim === next ? { ...claim, instances: claim.instances - 1 } : claim,
    );
  }
  tell();
  return now;
}

function total(claims: readonly Claim[]): Room {
  return { cpus: sumOf(claims, "cpus"), memoryBytes: sumOf(claims, "memoryBytes") };
}

function cutResource(
  claims: readonly Claim[],
  { of, room, warn }: { readonly of: Resource; readonly room: Room; readonly warn: Warn },
): readonly Claim[] {
  const render = of === "cpus" ? renderCpus : renderMemory;
  const what = of === "cpus" ? "" : " of memory";
  const sum = sumOf(claims, of);
  const amounts = cut(claims, of, room[of]);
  return claims.map((claim, index) => {
    const want = claim[of].want ?? 0;
    const amount = amounts[index] ?? want;
    if (amount === want) return claim;
    const now = { ...claim, [of]: { ...claim[of], want: amount } };
    if (claim[of].isShare === true) return now;
    warn(
      claim.name,
      `${claim.name} has ${render(amount)}${what} per instance instead of ${render(want)}: ${render(tidy(sum))} do not fit into ${render(tidy(room[of]))}`,
      `Ask for less ${of === "cpus" ? "CPU" : "memory"} in ${claim.name}, or use a larger device.`,
    );
    return now;
  });
}

function granted(deployment: ResolvedDeployment, claim: Claim | undefined): ResolvedDeployment {
  if (claim === undefined) return deployment;
  const memory = claim.memoryBytes.want;
  return {
    ...deployment,
    instances: claim.instances,
    cpus: claim.cpus.want,
    memoryBytes: memory === null ? null : Math.floor(memory / scriptProcesses(deployment)),
    limitsFrom: deployment.memoryBytes === null ? "device" : deployment.limitsFrom,
    ...(deployment.batch && { batch: { ...deployment.batch, nodeCount: claim.instances } }),
  };
}

/** The sum over all instances and the router; no limit where one instance has none. */
function withModuleLimits(endpoint: ResolvedEndpoint): ResolvedEndpoint {
  const { deployments } = endpoint;
  const sum = (of: Resource): number | null =>
    deployments.some((each) => each[of] === null)
      ? null
      : deployments.reduce((before, each) => before + countOf(each, of) * (each[of] ?? 0), 0);
  const cpus = sum("cpus");
  const memoryBytes = sum("memoryBytes");
  return {
    ...endpoint,
    module: {
      ...endpoint.module,
      cpus: cpus === null ? null : tidy(cpus),
      memoryBytes: memoryBytes === null ? null : memoryBytes + ROUTER_MEMORY_BYTES,
    },
  };
}

/** Memory counts for each process of a script. */
function countOf(deployment: ResolvedDeployment, of: Resource): number {
  return deployment.instances * (of === "memoryBytes" ? scriptProcesses(deployment) : 1);
}

function tooSmall(endpoint: ResolvedEndpoint, device: Device, least: Room): Problem {
  const { reserve } = device;
  const cpus = Math.ceil(tidy(least.cpus + reserve.cpus) * 1000) / 1000;
  const bytes = least.memoryBytes + ROUTER_MEMORY_BYTES + reserve.memoryBytes;
  const memory = `${Math.ceil(bytes / MIB)}Mi`;
  return {
    code: "SPEC_DEVICE_TOO_SMALL",
    severity: "error",
    message: `a device of ${renderRoom(device)} is too small for ${endpoint.name}, the smallest that would do has cpus=${cpus},memory=${memory}`,
    hint: "Use such a device, or ask for less memory in the spec.",
  };
}

function renderRoom({ cpus, memoryBytes }: Room): string {
  return `${renderCpus(tidy(cpus))} and ${renderMemory(memoryBytes)}`;
}

/** Without the last bits of binary sums: 0.1 + 0.2 is 0.3. */
function tidy(amount: number): number {
  return Math.round(amount * 1e9) / 1e9;
}
