/** Does the lock beside the spec still hold? It is read, compared, completed and printed again. */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { userError } from "../../core/problem.ts";
import type { Problem } from "../../core/problem.ts";
import { isImageSource } from "../sources/image-source.ts";
import { assembleBase, lockChanged, lockWarning } from "./assembled.ts";
import type { BaseRequest } from "./assembled.ts";
import { importBase } from "./foreign/image-base.ts";
import type { ImportRequest } from "./foreign/image-base.ts";
import { LOCK_FILE, printLock, readLock } from "./lock.ts";
import type { BaseLock, ImageLock, Lock } from "./lock.ts";

export type ToolVersions = Pick<Lock, "edgewright" | "onnxruntime">;

export type LockedBase = {
  readonly lock: Lock;
  /** For people: `Debian bookworm, Node 24.1.0`. */
  readonly title: string;
  /** Where Node is in it. */
  readonly node: string;
  /** The lock file's text, where it is not what stands there already. */
  readonly newText?: string;
  readonly problems: readonly Problem[];
};

export type LockRequest = Omit<BaseRequest, "locked"> &
  Partial<Pick<ImportRequest, "workingFolder" | "env" | "signal">> & {
    /** `auto` (what the lock says) where it is absent; `assembled`; or an image: `oci:DIR`. */
    readonly base?: string;
  };

export async function lockedBase(
  path: string,
  versions: ToolVersions,
  request: LockRequest,
): Promise<LockedBase> {
  const before = await readLock(path);
  const changes = before === undefined ? [] : versionChanges(before, versions);
  if (request.frozen && changes.length > 0) throw lockChanged(changes);
  const base = await baseOf(before?.base, request);
  const lock: Lock = { format: 1, ...versions, base: base.lock };
  const newText = printLock(lock);
  const same = before !== undefined && printLock(before) === newText;
  const problems = [...changes.map(lockWarning), ...base.problems];
  return { lock, ...describe(base.lock), problems, ...(same ? {} : { newText }) };
}

function unknownBase(base: string, workingFolder: string): Error {
  const stats = statSync(resolve(workingFolder, base), { throwIfNoEntry: false });
  const scheme = stats?.isDirectory() === true ? "oci" : "oci-archive";
  const hint =
    stats === undefined
      ? `Registries are not asked. Fetch it before: skopeo copy docker://${base.replace(/^docker:\/\//u, "")} oci-archive:base.tar, and name oci-archive:base.tar.`
      : `Write ${scheme}:${base}.`;
  const message = `The base is "${base}", which is none of auto, assembled, oci:DIR, oci-archive:FILE, docker-archive:FILE and docker-daemon:REF.`;
  return userError("CLI_UNSUPPORTED", message, { hint });
}

/** Debian's packages of Python fit the system that they were made for. */
function refusePython({ python = [] }: LockRequest): void {
  if (python.length === 0) return;
  throw userError(
    "CLI_UNSUPPORTED",
    "Scoring scripts need Python, which comes with the assembled base.",
    {
      hint: "Leave --base and edge.base out, or write assembled.",
    },
  );
}

type Based = { readonly lock: Lock["base"]; readonly problems: readonly Problem[] };

async function baseOf(locked: Lock["base"] | undefined, request: LockRequest): Promise<Based> {
  const { base = "auto", workingFolder = ".", env = {} } = request;
  if (base !== "auto" && base !== "assembled") {
    if (!isImageSource(base)) throw unknownBase(base, workingFolder);
    refusePython(request);
    const lock = await importBase({ ...request, text: base, workingFolder, env });
    return { lock, problems: imageChanges(locked, lock, request) };
  }
  if (base === "auto" && locked?.kind === "image") {
    refusePython(request);
    return storedBase(locked, request);
  }
  const assembled = locked?.kind === "assembled" ? locked : undefined;
  return assembleBase({ ...request, locked: assembled });
}

/** The base of an image that was there once: its layers are in the cache, or it cannot be had. */
async function storedBase(locked: ImageLock, { platforms, store }: LockRequest): Promise<Based> {
  for (const platform of platforms) {
    const { layers } = locked.platforms[platform] ?? { layers: [] };
    const there = await Promise.all(layers.map(({ digest }) => store.has(digest)));
    if (layers.length > 0 && there.every(Boolean)) continue;
    throw userError("BUILD_BASE", `The base that ${LOCK_FILE} names is not here for ${platform}.`, {
      hint: "Name the file again with --base oci-archive:FILE; `edgewright base save` writes one on a machine that has it.",
    });
  }
  return { lock: locked, problems: [] };
}

function imageChanges(
  locked: Lock["base"] | undefined,
  lock: ImageLock,
  { frozen }: LockRequest,
): readonly Problem[] {
  const known = locked?.kind === "image" ? locked : undefined;
  const same = Object.entries(lock.platforms).every(
    ([platform, { layers }]) =>
      JSON.stringify(known?.platforms[platform as keyof ImageLock["platforms"]]?.layers) ===
      JSON.stringify(layers),
  );
  if (same || (locked === undefined && !frozen)) return [];
  const change = `the base is another image than ${LOCK_FILE} names`;
  if (frozen) throw lockChanged([change]);
  return [lockWarning(change)];
}

function describe(lock: BaseLock | ImageLock): Pick<LockedBase, "title" | "node"> {
  if (lock.kind === "assembled")
    return {
      title: `Debian ${lock.suite}, Node ${lock.node.version}${pythonTitle(lock)}`,
      node: "/usr/local/bin/node",
    };
  const digest = createHash("sha256").update(JSON.stringify(lock.platforms)).digest("hex");
  return { title: `image ${digest.slice(0, 12)}`, node: lock.node };
}

function versionChanges(lock: Lock, versions: ToolVersions): readonly string[] {
  return (["edgewright", "onnxruntime"] as const).flatMap((tool) =>
    lock[tool] === versions[tool]
      ? []
      : [`${LOCK_FILE} was made with ${tool} ${lock[tool]} and this is ${versions[tool]}`],
  );
}

function pythonTitle({ python }: BaseLock): string {
  const [packages = []] = Object.values(python?.packages ?? {});
  const version = packages.find(({ name }) => name === "python3")?.version.split("-")[0];
  return version === undefined ? "" : `, Python ${version}`;
}
