/** Where a simulated device keeps what it has: the folder of --state, or one that goes with it. */

import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve, sep } from "node:path";

import { userError } from "../../core/problem.ts";
import { isAbandoned, lockFolder } from "../../simulator/folder-lock.ts";
import { StorageFault } from "../../simulator/hub/storage-fault.ts";
import type { Invocation } from "../command.ts";

export type DeviceFolder = {
  readonly path: string;
  /** It stays, and the next device on it goes on. */
  readonly kept: boolean;
  /** Removes what is not kept, and lets others in. */
  readonly release: () => Promise<void>;
};

/** A device with containers has more to remove than its folder: only such a one may take it away. */
const PREFIXES = { processes: "edgewright-device-", containers: "edgewright-containers-" } as const;
export type DeviceKind = keyof typeof PREFIXES;

/** @throws UserError SIM_STATE where it cannot be made, or another device has it */
export async function openDeviceFolder(
  { cwd, options: { state } }: Invocation,
  kind: DeviceKind,
): Promise<DeviceFolder> {
  const kept = typeof state === "string";
  const path = kept ? resolve(cwd, state) : temporaryFolder(PREFIXES[kind]);
  const remove = (): void => {
    if (!kept) rmSync(path, { recursive: true, force: true });
  };
  try {
    const lock = await lockFolder(path);
    return {
      path,
      kept,
      release: async () => {
        // The lock goes with the folder, and nobody takes one for the other's.
        remove();
        await lock.release();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

function temporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw userError("SIM_STATE", `no folder can be made in ${tmpdir()}: ${reason}`, {
      hint: "Set TMPDIR to a folder that can be written, or give one with --state.",
    });
  }
}

/** What the system said of a file in it, as a fault of the folder; any other error as it is. */
export function folderError({ path: folder }: DeviceFolder, error: unknown): unknown {
  const cause: unknown = error instanceof StorageFault ? error.cause : error;
  if (!(cause instanceof Error)) return error;
  const { code, path, message } = cause as NodeJS.ErrnoException;
  const inFolder = path?.startsWith(`${folder}${sep}`) === true;
  if (cause === error && !inFolder) return error;
  return userError("SIM_STATE", `${inFolder ? path : folder} cannot be used: ${code ?? message}`, {
    hint: "Make room, and let what stands there be the device's own and writable.",
  });
}

/** Those of devices that died before they could remove them; of this user alone. */
export async function abandonedFolders(kind: DeviceKind): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    if (name.startsWith(PREFIXES[kind]) && isOwn(path) && (await isAbandoned(path))) {
      found.push(path);
    }
  }
  return found;
}

function isOwn(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === process.getuid?.();
}

const READABLE = 20;
const HASH = 10;

/** What in the engine belongs to the device of a folder: a name that an image, a volume and a container may have. */
export function deviceTag(folder: string): string {
  const hash = createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, HASH);
  return [...nameParts(basename(folder)), hash].join("-");
}

/** As much of a text as may stand in an image's name. */
export function nameParts(text: string): readonly string[] {
  return (
    text
      .toLowerCase()
      .slice(0, READABLE)
      .match(/[a-z0-9]+/g) ?? []
  );
}
