/** What decides the bytes of images, read from flags and environment: for build and plan. */

import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { AssembleOptions } from "../../packager/pack-options.ts";
import { hostPrograms, withoutDownloads } from "../../packager/programs.ts";
import { PLATFORMS } from "../../spec/resolved.ts";
import type { Platform, ResolvedEndpoint } from "../../spec/resolved.ts";
import { UsageError } from "../command.ts";
import type { Invocation, Option } from "../command.ts";
import { cacheFolder } from "./models.ts";
import { PACKAGE_ROOT } from "../version.ts";

export const HOST_PLATFORM: Platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";

export const ASSEMBLE_OPTIONS = {
  platform: {
    type: "string",
    multiple: true,
    value: "PLATFORM",
    summary: `${PLATFORMS.join(", ")}; both otherwise`,
  },
  base: {
    type: "string",
    value: "BASE",
    summary:
      "assembled, oci:DIR, oci-archive:FILE, docker-archive:FILE or docker-daemon:REF; what image.lock.json says otherwise",
  },
  frozen: { type: "boolean", summary: "fail where image.lock.json would have to change" },
  offline: { type: "boolean", summary: "download nothing" },
} as const satisfies Record<string, Option>;

export function assembleOptions(
  invocation: Invocation,
  endpoint: ResolvedEndpoint,
): AssembleOptions {
  const { args, cwd, env, options, progress, signal } = invocation;
  const { frozen, offline, base } = options;
  const programs = hostPrograms(env, signal);
  const specFolder = folderOf(resolve(cwd, args[0] ?? "."));
  const inSpec = endpoint.module.base;
  return {
    platforms: parsePlatforms(options["platform"], endpoint.module.platforms),
    packageRoot: fileURLToPath(PACKAGE_ROOT),
    specFolder,
    ...(typeof base === "string"
      ? { base: { text: base, folder: cwd } }
      : inSpec !== undefined && { base: { text: inSpec, folder: specFolder } }),
    workingFolder: cwd,
    cacheFolder: cacheFolder(invocation),
    temporaryFolder: tmpdir(),
    frozen: frozen === true,
    createdEpochSeconds: parseEpoch(env["SOURCE_DATE_EPOCH"]),
    hostPlatform: HOST_PLATFORM,
    progress,
    run: offline === true ? withoutDownloads(programs) : programs,
    env,
    signal,
  };
}

function folderOf(path: string): string {
  return statSync(path).isDirectory() ? path : dirname(path);
}

export function parsePlatforms(
  given: Invocation["options"][string],
  otherwise: readonly Platform[],
): readonly Platform[] {
  const asked = (Array.isArray(given) ? given : []).flatMap((text: string) => text.split(","));
  if (asked.length === 0) return otherwise;
  return PLATFORMS.filter((platform) => {
    const foreign = asked.find((name) => !PLATFORMS.some((known) => known === name));
    if (foreign !== undefined)
      throw new UsageError(`--platform is '${foreign}', expected ${PLATFORMS.join(" or ")}`);
    return asked.includes(platform);
  });
}

/** @source reproducible-builds.org: specs/source-date-epoch */
function parseEpoch(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new UsageError(`SOURCE_DATE_EPOCH is '${text}', expected seconds since 1970`);
}

/** `5MB` as people write sizes of downloads: powers of ten, and of two with an i. */
export function parseBytes(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = {
    k: 1e3,
    m: 1e6,
    g: 1e9,
    ki: 2 ** 10,
    mi: 2 ** 20,
    gi: 2 ** 30,
  };
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]i?)?b?$/iu.exec(text.trim()) ?? [];
  if (digits === "") return undefined;
  return Math.round(Number(digits) * (unit === "" ? 1 : (units[unit.toLowerCase()] ?? 1)));
}
