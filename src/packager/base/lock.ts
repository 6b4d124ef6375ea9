/** What exactly is a base made of? `image.lock.json` beside the spec says so, for the next build. */

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { userError } from "../../core/problem.ts";
import type { Digest } from "../blob-store.ts";
import { PLATFORMS } from "../../spec/resolved.ts";
import type { Platform } from "../../spec/resolved.ts";

const hex = z.string().regex(/^[0-9a-f]{64}$/u);

/** Names become files and arguments of programs. @source Debian policy 5.6.1, 5.6.12 */
const debianName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/u);

const debianPackage = z.strictObject({
  name: debianName,
  version: z.string().regex(/^[0-9A-Za-z][\w.+:~-]*$/u),
  sha256: hex,
});

const assembled = z.strictObject({
  kind: z.literal("assembled"),
  /** Debian's name for the release the packages are of. */
  suite: z.string().regex(/^\w[\w.+-]*$/u),
  packages: z.partialRecord(z.enum(PLATFORMS), z.array(debianPackage)),
  python: z
    .strictObject({
      /** What was asked for; the packages are these with what they need. */
      wanted: z.array(debianName),
      packages: z.partialRecord(z.enum(PLATFORMS), z.array(debianPackage)),
    })
    .optional(),
  node: z.strictObject({
    version: z.string().regex(/^\d+\.\d+\.\d+$/u),
    /** Of the npm package that holds the program: `sha512-` and base64. */
    integrity: z.partialRecord(z.enum(PLATFORMS), z.string().regex(/^sha512-[\w+/]+=*$/u)),
  }),
});

const digest = z.custom<Digest>((text) => /^sha256:[0-9a-f]{64}$/u.test(String(text)), "digest");
const baseLayer = z.strictObject({
  name: z.string(),
  digest,
  bytes: z.number().int().nonnegative(),
  diffId: digest,
});

/** An image that somebody named as the base. */
const image = z.strictObject({
  kind: z.literal("image"),
  /** Where its Node is. */
  node: z.string().startsWith("/"),
  platforms: z.partialRecord(
    z.enum(PLATFORMS),
    z.strictObject({ layers: z.array(baseLayer).min(1) }),
  ),
});

const lock = z.strictObject({
  format: z.literal(1),
  edgewright: z.string(),
  onnxruntime: z.string(),
  base: z.discriminatedUnion("kind", [assembled, image]),
});

export type DebianPackage = Readonly<z.infer<typeof debianPackage>>;
export type Lock = z.infer<typeof lock>;
export type BaseLock = z.infer<typeof assembled>;
export type ImageLock = z.infer<typeof image>;

export const LOCK_FILE = "image.lock.json";

/** `undefined` where there is none. */
export async function readLock(path: string): Promise<Lock | undefined> {
  let text;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw lockError(path, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  let json;
  try {
    json = JSON.parse(text) as unknown;
  } catch {
    throw lockError(path, "is not JSON");
  }
  const read = lock.safeParse(json);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw lockError(path, `is wrong at "${issue?.path.join(".")}" (${issue?.message})`);
}

/** Keys and platforms in one fixed order: equal locks are equal files. */
export function printLock({ format, edgewright, onnxruntime, base }: Lock): string {
  const ordered = {
    format,
    edgewright,
    onnxruntime,
    base: base.kind === "image" ? orderedImage(base) : orderedAssembled(base),
  };
  return `${JSON.stringify(ordered, undefined, 2)}\n`;
}

function orderedAssembled({ kind, suite, packages, python, node }: BaseLock): BaseLock {
  const { version, integrity } = node;
  return {
    kind,
    suite,
    packages: inOrder(packages),
    ...(python !== undefined && {
      python: { wanted: python.wanted, packages: inOrder(python.packages) },
    }),
    node: { version, integrity: inOrder(integrity) },
  };
}

function orderedImage({ kind, node, platforms }: ImageLock): ImageLock {
  return { kind, node, platforms: inOrder(platforms) };
}

function inOrder<T>(record: Partial<Record<Platform, T>>): Partial<Record<Platform, T>> {
  return Object.fromEntries(
    PLATFORMS.flatMap((platform) =>
      record[platform] === undefined ? [] : [[platform, record[platform]]],
    ),
  );
}

/** A lock that was merged badly names one package, and has the digest of another. */
export function notAsLocked(called: string, own: string): Error {
  return userError(
    "BUILD_LOCK_CHANGED",
    `The package that the lock calls ${called} says that it is ${own}.`,
    { hint: `Delete ${LOCK_FILE} to have a new one made, or take the committed one back.` },
  );
}

function lockError(path: string, fault: string): Error {
  return userError("BUILD_LOCK", `${path} ${fault}.`, {
    hint: "Delete the file to have a new one made, or take the committed one back.",
  });
}
