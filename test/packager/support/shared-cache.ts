/** One assembled base for all tests: the cache folder and the lock that goes with it. */

import { accessSync, constants, existsSync } from "node:fs";
import { copyFile, mkdir, rename } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { randomUUID } from "node:crypto";
import { pack } from "../../../src/packager/pack.ts";
import type { PackOptions, PackResult } from "../../../src/packager/pack-options.ts";
import { hostPrograms } from "../../../src/packager/programs.ts";
import type { ResolvedEndpoint } from "../../../src/spec/resolved.ts";

/** As `XDG_CACHE_HOME` it makes the command line share the base too. */
export const CACHE_HOME = join(tmpdir(), `edgewright-test-cache-${userInfo().uid}`);
export const CACHE = join(CACHE_HOME, "edgewright");
const LOCK = join(CACHE, "image.lock.json");

/** Why a real base cannot be assembled here, if so. */
export const NO_BASE: string | false =
  ["apt-get", "dpkg-deb", "npm"]
    .filter((program) => !isThere(program))
    .map((program) => `${program} is not on this machine`)[0] ?? false;

export function isThere(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

type Given = Pick<PackOptions, "output" | "packageRoot" | "specFolder"> & Partial<PackOptions>;

/** Builds with the shared base; `frozen` and a lock of one's own are possible. */
export async function packHere(endpoint: ResolvedEndpoint, given: Given): Promise<PackResult> {
  if (given.frozen !== true) await takeLock(given.specFolder);
  const result = await pack(endpoint, {
    platforms: ["linux/amd64", "linux/arm64"],
    workingFolder: given.specFolder,
    cacheFolder: CACHE,
    temporaryFolder: tmpdir(),
    frozen: false,
    createdEpochSeconds: 0,
    hostPlatform: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
    progress: () => {},
    run: hostPrograms(process.env),
    env: process.env,
    ...given,
  });
  await keepLock(given.specFolder);
  return result;
}

/** Puts the shared lock, if there is one already, beside a spec. */
export async function takeLock(specFolder: string): Promise<void> {
  const lock = join(specFolder, "image.lock.json");
  if (existsSync(LOCK) && !existsSync(lock)) await copyFile(LOCK, lock);
}

export async function keepLock(specFolder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const draft = join(CACHE, `.${randomUUID()}.part`);
  await copyFile(join(specFolder, "image.lock.json"), draft);
  await rename(draft, LOCK);
}
