/** What would Debian's maintainer scripts have made of the packages' files? They never run here. */

import type { Entry, FileEntry } from "../../entry.ts";
import { directory, symlink, textFile } from "../../entry.ts";
import type { Platform } from "../../../spec/resolved.ts";

export const USER = { name: "edgewright", uid: 10001, gid: 10001 } as const;

/** Packages ship these single certificates; programs read the one bundle. */
const CERTIFICATE = /^usr\/share\/ca-certificates\/.+\.crt$/u;

const PASSWD = [
  "root:x:0:0:root:/root:/usr/sbin/nologin",
  "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
  `${USER.name}:x:${USER.uid}:${USER.gid}::/nonexistent:/usr/sbin/nologin`,
];
const GROUP = ["root:x:0:", "nogroup:x:65534:", `${USER.name}:x:${USER.gid}:`];

export function rootfs(unpacked: readonly Entry[], platform: Platform): readonly Entry[] {
  const byPath = new Map(unpacked.map((entry) => [entry.path, entry]));
  const certificates = [...byPath.values()].filter(
    (entry): entry is FileEntry => entry.kind === "file" && CERTIFICATE.test(entry.path),
  );
  for (const { path } of certificates) byPath.delete(path);
  const made: readonly Entry[] = [
    ...mergedLinks(platform),
    textFile("etc/passwd", lines(PASSWD)),
    textFile("etc/group", lines(GROUP)),
    textFile("etc/nsswitch.conf", lines(["hosts: files dns", "passwd: files", "group: files"])),
    textFile("etc/ssl/certs/ca-certificates.crt", bundle(certificates)),
    directory("root", 0o700),
    directory("tmp", 0o1777),
    directory("var/tmp", 0o1777),
    ...["dev", "proc", "sys", "run", "usr/local/bin"].map((path) => directory(path)),
    symlink("var/run", "/run"),
  ];
  for (const entry of made) byPath.set(entry.path, entry);
  return [...byPath.values()];
}

/** The usr merge: `/bin`, `/lib` and so on are links. */
function mergedLinks(platform: Platform): readonly Entry[] {
  const names = ["bin", "sbin", "lib", ...(platform === "linux/amd64" ? ["lib64"] : [])];
  return names.flatMap((name) => [directory(`usr/${name}`), symlink(name, `usr/${name}`)]);
}

function bundle(certificates: readonly FileEntry[]): string {
  return certificates
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ content }) => ("bytes" in content ? Buffer.from(content.bytes).toString().trim() : ""))
    .join("\n")
    .concat("\n");
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}
