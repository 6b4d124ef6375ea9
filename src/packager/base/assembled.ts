/** What is the base, exactly, and are its parts here? The lock decides; without one the newest. */

import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { userError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import type { Platform } from "../../spec/resolved.ts";
import type { BlobStore } from "../blob-store.ts";
import type { RunProgram } from "../programs.ts";
import { settled } from "../settled.ts";
import { openApt } from "./debian/apt.ts";
import type { Apt, PackageVersion } from "./debian/apt.ts";
import { debDigest } from "./debian/digest.ts";
import { LOCK_FILE } from "./lock.ts";
import type { BaseLock, DebianPackage } from "./lock.ts";
import { fetchNode, integrityDigest, newestNode } from "./node-package.ts";

export type BaseRequest = {
  readonly platforms: readonly Platform[];
  readonly locked: BaseLock | undefined;
  /** Nothing but the lock will do. */
  readonly frozen: boolean;
  readonly store: BlobStore;
  readonly run: RunProgram;
  /** An empty folder. */
  readonly folder: string;
  readonly progress: (line: string) => void;
  /** Debian packages of Python, sorted; absent or none where no script needs it. */
  readonly python?: readonly string[];
};

export type AssembledBase = { readonly lock: BaseLock; readonly problems: readonly Problem[] };

/** The parts of a base, all of them in the store afterwards. */
export async function assembleBase(request: BaseRequest): Promise<AssembledBase> {
  const { platforms, locked, frozen } = request;
  if (frozen && locked === undefined) {
    throw userError("BUILD_LOCK_CHANGED", `There is no ${LOCK_FILE} beside the spec.`, {
      hint: "Build once without --frozen and keep the file that it writes.",
    });
  }
  const changes: string[] = [];
  const changed = (change: string): void => {
    if (frozen) throw lockChanged([change]);
    changes.push(change);
  };
  const apt = aptByPlatform(request);
  const [node, ...systems] = await settled<BaseLock["node"] | System>([
    nodeOf(request, changed),
    ...platforms.map((platform) => systemOf(request, platform, { changed, apt })),
  ]);
  const packages = { ...locked?.packages };
  let suite = locked?.suite ?? "";
  for (const system of systems as System[]) {
    packages[system.platform] = [...system.packages];
    suite = system.suite;
  }
  const python = await pythonOf(request, { changed, apt });
  const lock: BaseLock = {
    kind: "assembled",
    suite,
    packages,
    node: node as BaseLock["node"],
    ...(python !== undefined && { python }),
  };
  return { lock, problems: locked === undefined ? [] : changes.map(lockWarning) };
}

type System = {
  readonly platform: Platform;
  readonly suite: string;
  readonly packages: readonly DebianPackage[];
};

type Tools = {
  readonly changed: (change: string) => void;
  readonly apt: (platform: Platform) => Promise<Apt>;
};

/** Opened when it is needed first, and once: reading the package lists takes seconds. */
function aptByPlatform({ run, folder, progress }: BaseRequest): Tools["apt"] {
  const opened = new Map<Platform, Promise<Apt>>();
  const open = async (platform: Platform): Promise<Apt> => {
    progress(`base: Debian packages for ${platform}`);
    const own = join(folder, platform.replace("/", "-"));
    await mkdir(own, { recursive: true });
    return openApt({ platform, run, folder: own });
  };
  return (platform) => {
    const apt = opened.get(platform) ?? open(platform);
    opened.set(platform, apt);
    return apt;
  };
}

async function systemOf(
  request: BaseRequest,
  platform: Platform,
  { changed, apt: open }: Tools,
): Promise<System> {
  const { locked, store } = request;
  const pinned = locked?.packages[platform];
  const missing = [];
  for (const deb of pinned ?? []) if (!(await store.has(debDigest(deb)))) missing.push(deb);
  if (locked !== undefined && pinned !== undefined && missing.length === 0)
    return { platform, suite: locked.suite, packages: pinned };

  if (locked !== undefined && pinned === undefined)
    changed(`${LOCK_FILE} has no packages for ${platform}`);
  const apt = await open(platform);
  if (locked !== undefined && pinned !== undefined) {
    const gone = await refetch(missing, { apt, store, suite: locked.suite });
    if (gone === undefined) return { platform, suite: locked.suite, packages: pinned };
    changed(
      `${gone.name} ${gone.version} for ${platform} is in ${LOCK_FILE} (${locked.suite}) and not ` +
        `in this machine's apt sources (${apt.suite})`,
    );
  }
  const packages = [];
  for (const wanted of await apt.solve()) packages.push(await fetchNewest(wanted, apt, store));
  return { platform, suite: apt.suite, packages };
}

/** Python's packages of every platform; those of the lock where it was made for the same wishes. */
async function pythonOf(
  request: BaseRequest,
  { changed, apt: open }: Tools,
): Promise<BaseLock["python"]> {
  const { locked, platforms, python: wanted = [], store } = request;
  if (wanted.length === 0) return undefined;
  const before = locked?.python;
  const same = before?.wanted.join(" ") === wanted.join(" ");
  if (locked !== undefined && !same) changed(`${LOCK_FILE} has no ${wanted.join(", ")} together`);
  const packages = same ? { ...before?.packages } : {};
  for (const platform of platforms) {
    const pinned = packages[platform];
    const missing = [];
    for (const deb of pinned ?? []) if (!(await store.has(debDigest(deb)))) missing.push(deb);
    if (pinned !== undefined && missing.length === 0) continue;
    const apt = await open(platform);
    const suite = locked?.suite ?? apt.suite;
    const gone = pinned === undefined ? undefined : await refetch(missing, { apt, store, suite });
    if (pinned !== undefined && gone === undefined) continue;
    if (gone !== undefined)
      changed(`${gone.name} ${gone.version} for ${platform} is in ${LOCK_FILE} and cannot be had`);
    const found = [];
    for (const each of await apt.closure(wanted)) found.push(await fetchNewest(each, apt, store));
    packages[platform] = found;
  }
  return { wanted: [...wanted], packages };
}

type Refetching = {
  readonly apt: Apt;
  readonly store: BlobStore;
  /** That the packages were locked from. */
  readonly suite: string;
};

/** The first that cannot be had again as it was. @throws UserError where its own suite has other bytes */
async function refetch(
  missing: readonly DebianPackage[],
  { apt, store, suite }: Refetching,
): Promise<DebianPackage | undefined> {
  for (const deb of missing) {
    const file = await apt.download(deb);
    if (file === undefined) return deb;
    const { digest } = await store.add(createReadStream(file));
    if (digest === debDigest(deb)) continue;
    // Another distribution may give the same number to a build of its own.
    if (apt.suite !== suite) return deb;
    throw contradicted(`${deb.name} ${deb.version}`, { pinned: debDigest(deb), found: digest });
  }
  return undefined;
}

async function fetchNewest(
  { name, version }: PackageVersion,
  apt: Apt,
  store: BlobStore,
): Promise<DebianPackage> {
  const file = await apt.download({ name, version });
  if (file === undefined) {
    throw userError("BUILD_DOWNLOAD", `apt-get offers ${name} ${version} and does not find it.`, {
      hint: "Build again: the mirror may have been in the middle of an update.",
    });
  }
  const { digest } = await store.add(createReadStream(file));
  return { name, version, sha256: digest.replace("sha256:", "") };
}

async function nodeOf(
  request: BaseRequest,
  changed: (change: string) => void,
): Promise<BaseLock["node"]> {
  const { locked, platforms } = request;
  if (locked !== undefined) {
    const again = await lockedNode(request, locked.node, changed);
    if (again !== undefined) return again;
  }
  const folder = join(request.folder, "node");
  await mkdir(folder, { recursive: true });
  const npm = { run: request.run, folder };
  const version = await newestNode(platforms, npm);
  const integrity: BaseLock["node"]["integrity"] = {};
  for (const platform of platforms) {
    request.progress(`base: Node ${version} for ${platform}`);
    const fetched = await fetchNode({ platform, version }, npm, request.store);
    if (fetched === undefined) {
      throw userError("BUILD_DOWNLOAD", `npm lists Node ${version} and does not have it.`, {
        hint: "Build again: the registry may have been in the middle of an update.",
      });
    }
    integrity[platform] = fetched;
  }
  return { version, integrity };
}

/** The pinned Node, fetched again where it is not here; `undefined` where it cannot be had. */
async function lockedNode(
  request: BaseRequest,
  { version, integrity }: BaseLock["node"],
  changed: (change: string) => void,
): Promise<BaseLock["node"] | undefined> {
  const found = { ...integrity };
  for (const platform of request.platforms) {
    const pinned = integrity[platform];
    if (pinned !== undefined && (await request.store.has(integrityDigest(pinned)))) continue;
    if (pinned === undefined) changed(`${LOCK_FILE} has no Node for ${platform}`);
    request.progress(`base: Node ${version} for ${platform}`);
    const folder = join(request.folder, "node");
    await mkdir(folder, { recursive: true });
    const npm = { run: request.run, folder };
    const fetched = await fetchNode({ platform, version }, npm, request.store);
    if (fetched !== undefined && pinned !== undefined && fetched !== pinned)
      throw contradicted(`Node ${version} for ${platform}`, { pinned, found: fetched });
    if (fetched === undefined) {
      changed(`Node ${version} for ${platform} is in ${LOCK_FILE} and not in npm's registry`);
      return undefined;
    }
    found[platform] = fetched;
  }
  return { version, integrity: found };
}

type Contradiction = { readonly pinned: string; readonly found: string };

/** One version has one content: either the lock or what was downloaded is not what it says. */
function contradicted(what: string, { pinned, found }: Contradiction): Error {
  return userError(
    "BUILD_LOCK_CHANGED",
    `${what} is ${pinned} in ${LOCK_FILE}, and what is offered under that version is ${found}.`,
    {
      hint: `Find out which of the two was changed. Where the lock is wrong, take back or remove ${LOCK_FILE}.`,
    },
  );
}

/** What a frozen build says about each difference between the lock and the world. */
export function lockChanged(changes: readonly string[]): Error {
  return userError("BUILD_LOCK_CHANGED", `${changes.join("; ")}.`, {
    hint: "Build without --frozen to have a new lock, or bring the cache folder of an older build.",
  });
}

export function lockWarning(change: string): Problem {
  return {
    code: "BUILD_LOCK_CHANGED",
    severity: "warning",
    message: `${change}: the lock is renewed.`,
    hint: `Commit the new ${LOCK_FILE}.`,
  };
}
