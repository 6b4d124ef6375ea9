/** Which Debian packages of the machine's own sources make a base, and how are they fetched? */

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { userError } from "../../../core/problem.ts";
import type { Platform } from "../../../spec/resolved.ts";
import type { ProgramResult, RunProgram } from "../../programs.ts";
import { neededBy } from "./dependencies.ts";

/** What Node, ONNX Runtime and TLS need of a system. */
const WANTED = [
  "base-files",
  "ca-certificates",
  "libc6",
  "libgcc-s1",
  "libstdc++6",
  "netbase",
  "tzdata",
];
/**
 * Of what these depend on, only the folder that holds GCC's licence comes along: the rest (mawk,
 * debconf, openssl, …) serves maintainer scripts, which never run.
 */
const CARRIED = /^gcc-\d+-base$/u;

/** Of the distribution itself, among what other people's sources offer. */
const RELEASE = /^(?:Debian|Ubuntu|Raspbian) (?<suite>[a-z]+)$/mu;

export type PackageVersion = { readonly name: string; readonly version: string };

export type Apt = {
  readonly suite: string;
  /** The newest versions there are. */
  readonly solve: () => Promise<readonly PackageVersion[]>;
  /** The newest versions of packages with all they need, but for the system's own and what is dropped. */
  readonly closure: (names: readonly string[]) => Promise<readonly PackageVersion[]>;
  /** Path of the .deb, verified by apt; `undefined` where the sources have that version no more. */
  readonly download: (wanted: PackageVersion) => Promise<string | undefined>;
};

export type AptOptions = {
  readonly platform: Platform;
  readonly run: RunProgram;
  /** An empty folder for lists and packages. */
  readonly folder: string;
};

/** Reads the package lists into a private state: needs no root and leaves the machine's alone. */
export async function openApt({ platform, run, folder }: AptOptions): Promise<Apt> {
  const options = await aptOptions(folder, platform.replace("linux/", ""));
  const apt = async (program: string, ...args: string[]): Promise<Ran> =>
    ran(program, await run(program, [...options, ...args], { cwd: folder, env: { LC_ALL: "C" } }));
  const update = await apt("apt-get", "-q", "update");
  if (update.exitCode !== 0) throw sourcesError(platform, update.stderr);
  const releases = await apt(
    "apt-get",
    "indextargets",
    "--format",
    "$(ORIGIN) $(CODENAME)",
    "Created-By: Packages",
  );
  // bookworm-security and bookworm-updates stand beside bookworm.
  const suite = RELEASE.exec(releases.stdout)?.groups?.["suite"];
  // Without a network `update` ends well all the same.
  if (suite === undefined) throw sourcesError(platform, update.stderr);
  const plan = async (names: readonly string[]): Promise<readonly PackageVersion[]> => {
    const planned = await apt("apt-get", "-q", "-y", "--simulate", "install", ...names);
    if (planned.exitCode !== 0) throw sourcesError(platform, `${update.stderr}\n${planned.stderr}`);
    return [...planned.stdout.matchAll(/^Inst (?<name>\S+) \((?<version>\S+) /gmu)]
      .map(({ groups }) => ({ name: groups?.["name"] ?? "", version: groups?.["version"] ?? "" }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  };
  return {
    suite,
    solve: async () => (await plan(WANTED)).filter(isSystem),
    closure: async (names) => {
      const planned = await plan([...WANTED, ...names]);
      const exact = planned.map(({ name, version }) => `${name}=${version}`);
      const shown = await apt("apt-cache", "show", "--no-all-versions", ...exact);
      const needed = neededBy(names, shown.stdout);
      return planned.filter((each) => needed.has(each.name) && !isSystem(each));
    },
    download: async ({ name, version }) => {
      const download = await apt("apt-get", "-q", "download", `${name}=${version}`);
      if (download.exitCode === 0) {
        const file = (await readdir(folder)).find((deb) => deb.startsWith(`${name}_`));
        if (file !== undefined) return join(folder, file);
      }
      if (/was not found|Unable to locate/u.test(download.stderr)) return undefined;
      throw sourcesError(platform, `${update.stderr}\n${download.stderr}`);
    },
  };
}

function isSystem({ name }: PackageVersion): boolean {
  return WANTED.includes(name) || CARRIED.test(name);
}

async function aptOptions(folder: string, architecture: string): Promise<string[]> {
  const status = join(folder, "status");
  await mkdir(join(folder, "state", "lists", "partial"), { recursive: true });
  await mkdir(join(folder, "cache", "archives", "partial"), { recursive: true });
  await writeFile(status, "");
  const settings = {
    "Dir::State": join(folder, "state"),
    "Dir::State::status": status,
    "Dir::Cache": join(folder, "cache"),
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "APT::Install-Recommends": "false",
    "Acquire::Languages": "none",
    // As root apt would download as a user who may not write here.
    "APT::Sandbox::User": "root",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

type Ran = Extract<ProgramResult, { found: true }>;

function ran(program: string, result: ProgramResult): Ran {
  if (result.found) return result;
  throw userError("BUILD_PROGRAM", `${program} is not on this machine.`, {
    hint:
      "Build on Debian or Ubuntu (the base is assembled from their packages), or copy " +
      "image.lock.json and the cache folder of a machine that has built it.",
  });
}

function sourcesError(platform: Platform, stderr: string): Error {
  const lines = stderr.split("\n").filter((line) => /^[EW]:/u.test(line));
  const reason = lines.slice(0, 2).join(" ") || "no reason given";
  return userError(
    "BUILD_DOWNLOAD",
    `apt-get cannot get the packages of the base for ${platform}: ${reason}`,
    {
      hint:
        "Check the network and the machine's apt sources, or build with the image.lock.json and " +
        "the cache folder of a machine that has built it.",
    },
  );
}
