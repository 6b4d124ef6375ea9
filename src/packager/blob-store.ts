/** Where do bytes that are known by their digest lie? A folder of files, each proven before use. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { draftPath, removeDrafts } from "./leftovers.ts";
import { writeFileFrom } from "./write-file.ts";

type Algorithm = "sha256" | "sha512";
/** `sha256:` or `sha512:` and the hex digits. */
export type Digest = `${Algorithm}:${string}`;

export type Blob = { readonly digest: Digest; readonly bytes: number };

export type BlobStore = {
  /** Whether the blob is there and whole; one that is damaged is thrown away. */
  readonly has: (digest: Digest) => Promise<boolean>;
  /** The blob's file; only for digests that were added or that `has` affirmed. */
  readonly path: (digest: Digest) => string;
  readonly size: (digest: Digest) => Promise<number>;
  readonly add: (source: AsyncIterable<Uint8Array>, algorithm?: Algorithm) => Promise<Blob>;
};

export function createBlobStore(folder: string): BlobStore {
  const proven = new Set<Digest>();
  let ready: Promise<void> | undefined;
  const path = (digest: Digest): string => join(folder, ...digest.split(":"));
  return {
    path,
    size: async (digest) => (await stat(path(digest))).size,
    has: async (digest) => {
      if (proven.has(digest)) return true;
      const found = await digestOfFile(path(digest), digest.split(":")[0] as Algorithm);
      if (found === digest) proven.add(digest);
      else if (found !== undefined) await rm(path(digest), { force: true });
      return found === digest;
    },
    add: async (source, algorithm = "sha256") => {
      await (ready ??= makeReady(folder));
      const draft = draftPath(join(folder, "blob"));
      const hash = createHash(algorithm);
      let bytes = 0;
      const counted = async function* (
        chunks: AsyncIterable<Uint8Array>,
      ): AsyncGenerator<Uint8Array> {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      };
      try {
        await writeFileFrom(draft, counted(source));
        const digest: Digest = `${algorithm}:${hash.digest("hex")}`;
        await mkdir(dirname(path(digest)), { recursive: true });
        await rename(draft, path(digest));
        proven.add(digest);
        return { digest, bytes };
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

async function makeReady(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await removeDrafts(folder);
}

export function digestOf(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** `undefined` where there is no such file. */
async function digestOfFile(path: string, algorithm: Algorithm): Promise<Digest | undefined> {
  const hash = createHash(algorithm);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
      hash.update(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return `${algorithm}:${hash.digest("hex")}`;
}
