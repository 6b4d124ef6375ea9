/** Which files does a Debian package put into the image? */

import { join } from "node:path";
import { userError } from "../../../core/problem.ts";
import type { Entry } from "../../entry.ts";
import { symlink, textFile } from "../../entry.ts";
import { notAsLocked } from "../lock.ts";
import type { ProgramResult, RunProgram } from "../../programs.ts";
import { bytesOf, unpackTar } from "../../unpack.ts";

/** Documentation but the licences, what maintainer scripts use, and what only other programs read. */
const CUT = [
  /^usr\/share\/doc\/[^/]+\/(?!copyright$)/u,
  /^usr\/share\/(?:gcc|gdb|man|info|lintian|locale|bug|base-files|menu|doc-base|debconf)\//u,
  /^usr\/share\/zoneinfo\/(?:right|posix)\//u,
  /^usr\/lib\/[^/]+\/(?:gconv|audit)\//u,
  /^usr\/(?:s?bin|lib\/(?:init|python3))\//u,
  /^etc\/(?:update-motd\.d|profile\.d|init\.d|skel|default|ca-certificates|cron\.[a-z]+)\//u,
  /^etc\/(?:issue|issue\.net|motd|profile|dpkg\/.*)$/u,
  /^var\/lib\/(?:dpkg|pam)\//u,
];

/** Of Python and its packages: the interpreter stays, what only developers of packages read goes. */
export const PYTHON_CUT: readonly RegExp[] = [
  ...CUT.filter((cut) => !cut.source.includes("s?bin")),
  /^usr\/s?bin\/(?!python3(?:\.\d+)?$)/u,
  /^usr\/lib\/(?:init|valgrind|binfmt\.d)\//u,
  /^usr\/lib\/python3\.\d+\/(?:test|idlelib|turtledemo|ensurepip|lib2to3|pydoc_data|tkinter)\//u,
  /^usr\/lib\/python3\/dist-packages\/(?:.*\/)?tests?\//u,
  /^usr\/lib\/python3\/dist-packages\/.*\.(?:h|hpp|pxd|pyi)$/u,
  /^usr\/(?:include|src)\//u,
  /^usr\/share\/(?:applications|binfmts|pixmaps|python3|javascript|gdb|readline)\//u,
  /^usr\/lib\/.*\.a$/u,
];

export type UnpackDeb = {
  readonly name: string;
  /** As the lock has it: the package's own word must be the same. */
  readonly version: string;
  readonly file: string;
  readonly run: RunProgram;
  /** For the unpacked tar. */
  readonly folder: string;
  /** What stays behind; of a system's packages where absent. */
  readonly cut?: readonly RegExp[];
};

/** Files and links; directories follow from them. Names are those after the usr merge. */
export async function debEntries(deb: UnpackDeb): Promise<readonly Entry[]> {
  const { name, file, run, folder, cut = CUT } = deb;
  const tar = join(folder, `${name}.tar`);
  dpkg(deb, await run("dpkg-deb", ["--fsys-tarfile", file], { cwd: folder, stdoutFile: tar }));
  const entries = new Map<string, Entry>();
  await unpackTar({ file: tar, gzip: false }, async (member) => {
    const path = mergedPath(member.path);
    if (member.kind === "directory" || cut.some((pattern) => pattern.test(path))) return;
    if (member.kind === "symlink") {
      entries.set(path, symlink(path, member.target));
    } else if (member.kind === "file") {
      const mode = member.executable ? 0o755 : 0o644;
      const content = { bytes: await bytesOf(member.bytes) };
      entries.set(path, { kind: "file", path, mode, content });
    } else {
      const original = entries.get(mergedPath(member.target.replace(/^\.?\//u, "")));
      if (original !== undefined) entries.set(path, { ...original, path });
    }
  });
  return [...entries.values(), await statusEntry(deb)];
}

/** Where scanners look for what is installed, as in images without dpkg. */
async function statusEntry(deb: UnpackDeb): Promise<Entry> {
  const tar = join(deb.folder, `${deb.name}.control.tar`);
  const options = { cwd: deb.folder, stdoutFile: tar };
  dpkg(deb, await deb.run("dpkg-deb", ["--ctrl-tarfile", deb.file], options));
  let control = "";
  await unpackTar({ file: tar, gzip: false }, async ({ path, bytes }) => {
    if (path === "control") control = (await bytesOf(bytes)).toString();
  });
  proveControl(control, deb);
  return textFile(`var/lib/dpkg/status.d/${deb.name}`, control);
}

function proveControl(control: string, { name, version }: UnpackDeb): void {
  const [isName, isVersion] = ["Package", "Version"].map(
    (field) => new RegExp(`^${field}: *(.*?) *$`, "mu").exec(control)?.[1],
  );
  if (isName !== name || isVersion !== version)
    throw notAsLocked(`${name} ${version}`, `${isName} ${isVersion}`);
}

function mergedPath(path: string): string {
  return path.replace(/^(?=(?:s?bin|lib(?:32|64|x32)?)\/)/u, "usr/");
}

function dpkg(
  { name, file }: UnpackDeb,
  result: ProgramResult,
): Extract<ProgramResult, { found: true }> {
  if (!result.found) {
    throw userError("BUILD_PROGRAM", "dpkg-deb is not on this machine; it unpacks the base.", {
      hint: "Install the package dpkg, or copy the cache folder of a machine that has built it.",
    });
  }
  if (result.exitCode === 0) return result;
  throw userError(
    "BUILD_BASE",
    `dpkg-deb cannot unpack ${name} (${file}): ${result.stderr.trim()}`,
    { hint: "Make room on the disk, or delete the cache folder and build again." },
  );
}
