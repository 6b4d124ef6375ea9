/** What is in a tar that somebody else wrote? The only file that reads tars (with tar-stream). */

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import type { Header } from "tar-stream";

export type TarMember = {
  /** As it is written in the tar, without a leading `./` or `/` and a closing slash. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink" | "hardlink";
  readonly executable: boolean;
  readonly mode: number;
  readonly uid: number;
  /** Of a link. */
  readonly target: string;
  readonly bytes: Readable;
};

const KINDS: Partial<Record<NonNullable<Header["type"]>, TarMember["kind"]>> = {
  file: "file",
  "contiguous-file": "file",
  directory: "directory",
  symlink: "symlink",
  link: "hardlink",
};

/** What is neither file, folder nor link. */
export class ForeignMember extends Error {}

export type TarFile = { readonly file: string; readonly gzip: boolean };

/** Hands every member to `visit`, in order; what it does not read of a file is skipped. */
export async function unpackTar(
  { file, gzip }: TarFile,
  visit: (member: TarMember) => Promise<void>,
): Promise<void> {
  const stages = gzip ? [createReadStream(file), createGunzip()] : [createReadStream(file)];
  await unpackStream(stages, visit);
}

type Stage = Readable | Transform;

/** @param stages of the tar's bytes, the last one gives the tar itself */
export async function unpackStream(
  stages: readonly Stage[],
  visit: (member: TarMember) => Promise<void>,
): Promise<void> {
  const tar = extract();
  const read = async (): Promise<void> => {
    for await (const entry of tar) {
      const { name, type, mode, uid, linkname } = entry.header;
      // The names of files end at a NUL: no system makes this one.
      if (`${name}${linkname}`.includes("\0"))
        throw new ForeignMember(`'${name}', a path with a NUL in it`);
      // Without a type is what tar-stream does not know: GNU's sparse files and the like.
      const kind = type ? KINDS[type] : undefined;
      if (kind === undefined)
        throw new ForeignMember(
          `'${name}', ${type ? `a ${type}` : "of a type that no engine unpacks"}`,
        );
      const path = name.replace(/^\.?\/+/u, "").replace(/\/+$/u, "");
      const executable = (mode & 0o100) !== 0;
      const bytes = Readable.from(entry as AsyncIterable<Uint8Array>);
      await visit({ path, kind, executable, mode, uid, target: linkname ?? "", bytes });
      entry.resume();
    }
  };
  const ends = await Promise.allSettled([pipeline([...stages, tar]), read()]);
  const reasons = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));
  const cause = reasons.find(isCause) ?? reasons[0];
  if (cause !== undefined) throw cause;
}

/** What ends one of the two ends the other, which then only says that it was cut off. */
function isCause({ name, code }: NodeJS.ErrnoException): boolean {
  return name !== "AbortError" && code !== "ERR_STREAM_PREMATURE_CLOSE";
}

export async function bytesOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
