/** What stands in a layer: directories, files and symbolic links, named as the image names them. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

export type Owner = { readonly uid: number; readonly gid: number };

export type Content =
  | { readonly bytes: Uint8Array }
  /**
   * `size` is what the plan saw: a file that changes meanwhile is found out. `sha256` is known of
   * files that were proven just now.
   */
  | { readonly file: string; readonly size: number; readonly sha256?: string };

type Named = {
  /** Relative to the image's root, with slashes: `usr/local/bin/node`. */
  readonly path: string;
  /** root where it is absent. */
  readonly owner?: Owner;
};
export type DirectoryEntry = Named & { readonly kind: "directory"; readonly mode: number };
export type FileEntry = Named & {
  readonly kind: "file";
  readonly mode: number;
  readonly content: Content;
};
export type SymlinkEntry = Named & { readonly kind: "symlink"; readonly target: string };
export type Entry = DirectoryEntry | FileEntry | SymlinkEntry;

export function directory(path: string, mode = 0o755): DirectoryEntry {
  return { kind: "directory", path, mode };
}

export function textFile(path: string, text: string): FileEntry {
  return { kind: "file", path, mode: 0o644, content: { bytes: Buffer.from(text) } };
}

export function symlink(path: string, target: string): SymlinkEntry {
  return { kind: "symlink", path, target };
}

export function contentSize(content: Content): number {
  return "bytes" in content ? content.bytes.length : content.size;
}

/** The entries in the one order a layer may have: by the bytes of their paths, every parent there. */
export function canonicalEntries(entries: readonly Entry[]): readonly Entry[] {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) {
    if (!isPlainPath(entry.path)) throw new Error(`"${entry.path}" is no path inside an image`);
    if (byPath.has(entry.path)) throw new Error(`"${entry.path}" stands twice in one layer`);
    byPath.set(entry.path, entry);
  }
  for (const path of byPath.keys()) {
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
      const parent = path.slice(0, slash);
      if (!byPath.has(parent)) byPath.set(parent, directory(parent));
    }
  }
  return [...byPath.values()].toSorted((a, b) =>
    Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)),
  );
}

function isPlainPath(path: string): boolean {
  return (
    !path.includes("\0") && path.split("/").every((part) => part !== "" && !/^\.\.?$/u.test(part))
  );
}

export async function contentSha256(content: Content): Promise<string> {
  const hash = createHash("sha256");
  if ("bytes" in content) return hash.update(content.bytes).digest("hex");
  if (content.sha256 !== undefined) return content.sha256;
  for await (const chunk of createReadStream(content.file, { highWaterMark: 1 << 20 }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** A digest of everything that decides a layer's bytes: names, modes, owners and contents. */
export async function entriesKey(entries: readonly Entry[]): Promise<string> {
  const hash = createHash("sha256");
  for (const entry of canonicalEntries(entries)) {
    const rest =
      entry.kind === "file"
        ? [entry.mode, await contentSha256(entry.content)]
        : [entry.kind === "directory" ? entry.mode : entry.target];
    hash.update(`${JSON.stringify([entry.kind, entry.path, entry.owner ?? null, ...rest])}\n`);
  }
  return hash.digest("hex");
}
