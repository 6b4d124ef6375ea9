/**
 * How do entries become the bytes of a tar? Time 0, numeric owners, no names; pax records only
 * where ustar has no room.
 *
 * @source POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block"
 */

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { userError } from "../../core/problem.ts";
import { canonicalEntries, contentSize } from "../entry.ts";
import type { Content, Entry, FileEntry } from "../entry.ts";

const BLOCK_BYTES = 512;
const READ_BYTES = 1 << 20;
/** The most that eleven octal digits hold. */
const USTAR_MAX_BYTES = 0o77777777777;

const TYPE_FLAGS = { file: "0", symlink: "2", directory: "5", pax: "x" } as const;

type Header = {
  readonly name: string;
  readonly prefix?: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly type: keyof typeof TYPE_FLAGS;
  readonly target: string;
};

export async function* tarChunks(entries: readonly Entry[]): AsyncGenerator<Uint8Array> {
  for (const entry of canonicalEntries(entries)) {
    yield entryHeader(entry);
    if (entry.kind === "file") yield* fileBytes(entry);
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

/** The header of one entry, with a pax header before it where a value does not fit. */
export function entryHeader(entry: Entry): Buffer {
  const path = entry.kind === "directory" ? `${entry.path}/` : entry.path;
  const size = entry.kind === "file" ? contentSize(entry.content) : 0;
  const target = entry.kind === "symlink" ? entry.target : "";
  const split = splitName(path);
  const records = [
    split === undefined ? paxRecord("path", path) : "",
    isUstarText(target) ? "" : paxRecord("linkpath", target),
    size > USTAR_MAX_BYTES ? paxRecord("size", String(size)) : "",
  ].join("");
  const header = headerBlock({
    ...(split ?? { name: shortName(path) }),
    mode: entry.kind === "symlink" ? 0o777 : entry.mode,
    uid: entry.owner?.uid ?? 0,
    gid: entry.owner?.gid ?? 0,
    size: size > USTAR_MAX_BYTES ? 0 : size,
    type: entry.kind,
    target: isUstarText(target) ? target : shortName(target),
  });
  return records === "" ? header : Buffer.concat([paxHeader(records), header]);
}

function paxHeader(records: string): Buffer {
  const bytes = Buffer.from(records);
  const header = headerBlock({
    name: shortName(records),
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: bytes.length,
    type: "pax",
    target: "",
  });
  return Buffer.concat([header, bytes, padding(bytes.length)]);
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** Stands in where the real name is in a pax record; from the content, so that it never varies. */
function shortName(text: string): string {
  return `pax/${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}

function isUstarText(text: string): boolean {
  return /^[\x20-\x7e]*$/u.test(text) && text.length <= 100;
}

/** The path as one name, or cut at a slash into a prefix of 155 and a name of 100 bytes. */
function splitName(path: string): { name: string; prefix?: string } | undefined {
  if (!/^[\x20-\x7e]*$/u.test(path)) return undefined;
  if (path.length <= 100) return { name: path };
  const slash = path.indexOf("/", path.length - 101);
  if (slash <= 0 || slash > 155 || slash === path.length - 1) return undefined;
  return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
}

function headerBlock(header: Header): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(header.name, 0, 100);
  block.write(octal(header.mode, 7), 100);
  block.write(octal(header.uid, 7), 108);
  block.write(octal(header.gid, 7), 116);
  block.write(octal(header.size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(TYPE_FLAGS[header.type], 156);
  block.write(header.target, 157, 100);
  block.write("ustar\x0000", 257, "latin1");
  block.write(octal(0, 7), 329);
  block.write(octal(0, 7), 337);
  block.write(header.prefix ?? "", 345, 155);
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

async function* fileBytes(entry: FileEntry): AsyncGenerator<Uint8Array> {
  yield* contentChunks(entry.content);
  yield padding(contentSize(entry.content));
}

async function* contentChunks(content: Content): AsyncGenerator<Uint8Array> {
  if ("bytes" in content) {
    yield content.bytes;
    return;
  }
  const handle = await open(content.file, "r");
  try {
    let read = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES));
      if (bytesRead === 0) break;
      read += bytesRead;
      if (read > content.size) break;
      yield buffer.subarray(0, bytesRead);
    }
    if (read !== content.size) {
      throw userError(
        "BUILD_INPUT",
        `${content.file} changed while it was packed: it had ${content.size} bytes before.`,
        { hint: "Build again when nothing writes to the file." },
      );
    }
  } finally {
    await handle.close();
  }
}
