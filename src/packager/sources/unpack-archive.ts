/** How does the tar of an image become a folder, when nobody knows who wrote it? */

import { createReadStream } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { createGunzip } from "node:zlib";
import { UserError } from "../../core/problem.ts";
import { ForeignMember, unpackStream } from "../unpack.ts";
import type { TarMember } from "../unpack.ts";
import { writeFileFrom } from "../write-file.ts";
import { limitGrowth, tap } from "./growth.ts";
import { imageFault, zstdFault } from "./image-fault.ts";
import { packingOf } from "./packing.ts";

/** Files only below `folder`; links in old docker archives become copies. @throws UserError */
export async function unpackArchive(
  file: string,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const links: TarMember[] = [];
  const growth = limitGrowth(file);
  const reading = tap(({ length }) => growth.read(length));
  const growing = tap(({ length }) => {
    signal?.throwIfAborted();
    growth.grown(length);
  });
  try {
    const packing = await packingOf(file);
    if (packing === "zstd") throw zstdFault(file);
    if (packing === "unknown") throw imageFault(file, "is no tar");
    const gunzip = packing === "gzip" ? [createGunzip()] : [];
    await unpackStream([createReadStream(file), reading, ...gunzip, growing], async (member) => {
      const path = insidePath(member.path);
      if (path === undefined)
        throw imageFault(file, `holds '${member.path}', which leads out of it`);
      if (member.kind === "symlink" || member.kind === "hardlink") links.push(member);
      if (member.kind !== "file") return;
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFileFrom(join(folder, path), member.bytes, "wx");
    });
    for (const link of links) await copyLink(link, { file, folder });
  } catch (error) {
    throw archiveFault(error, file);
  }
}

async function copyLink(
  { path, kind, target }: TarMember,
  { file, folder }: { readonly file: string; readonly folder: string },
): Promise<void> {
  const from = kind === "symlink" ? posix.join(posix.dirname(path), target) : target;
  const inside = posix.isAbsolute(target) ? undefined : insidePath(from);
  if (inside === undefined)
    throw imageFault(file, `holds the link '${path}' to '${target}', which leads out of it`);
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await copyFile(join(folder, inside), join(folder, path));
}

/** `undefined` where a path leads out of the folder that it counts from. */
export function insidePath(path: string): string | undefined {
  const normal = posix.normalize(path);
  return posix.isAbsolute(normal) || normal === ".." || normal.startsWith("../")
    ? undefined
    : normal;
}

/** What zlib, tar-stream and the file system say of bytes that are no good. */
export function archiveFault(error: unknown, image: string): unknown {
  if (error instanceof UserError || (error as Error).name === "AbortError") return error;
  if (error instanceof ForeignMember) return imageFault(image, `holds ${error.message}`);
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "Z_BUF_ERROR" || /Unexpected end/u.test(message))
    return imageFault(image, "is cut off");
  if (code.startsWith("Z_")) return imageFault(image, `is no whole gzip file (${code})`);
  if (code === "EEXIST") return imageFault(image, "holds two files of one name");
  if (code === "ENOENT") return imageFault(image, "holds a link to a file that is not in it");
  if (/header|tar|checksum/iu.test(message)) return imageFault(image, `is no tar (${message})`);
  return error;
}
