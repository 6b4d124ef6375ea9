/** What exactly is a base made of? `image.lock.json` beside the spec says so, for the next build. */

import { readFile } from "node:fs/promises";
import { z } from "zod";
import { userError } from "../../core/problem.ts";
import { PLATFORMS } from "../../spec/resolved.ts";
import type { Platform } from "../../spec/resolved.ts";

const hex = z.string().regex(/^[0-9a-f]{64}$/u);

const debianPackage = z.strictObject({
  name: z.string(),
  version: z.string(),
  sha256: hex,
});

const lock = z.strictObject({
  format: z.literal(1),
  edgewright: z.string(),
  onnxruntime: z.string(),
  base: z.strictObject({
    kind: z.literal("assembled"),
    /** Debian's name for the release the packages are of. */
    suite: z.string(),
    packages: z.partialRecord(z.enum(PLATFORMS), z.array(debianPackage)),
    python: z
      .strictObject({
        /** What was asked for; the packages are these with what they need. */
        wanted: z.array(z.string()),
        packages: z.partialRecord(z.enum(PLATFORMS), z.array(debianPackage)),
      })
      .optional(),
    node: z.strictObject({
      version: z.string(),
      /** Of the npm package that holds the program: `sha512-` and base64. */
      integrity: z.partialRecord(z.enum(PLATFORMS), z.string().regex(/^sha512-[\w+/]+=*$/u)),
    }),
  }),
});

export type DebianPackage = Readonly<z.infer<typeof debianPackage>>;
export type Lock = z.infer<typeof lock>;
export type BaseLock = Lock["base"];

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
    base: {
      kind: base.kind,
      suite: base.suite,
      packages: inOrder(base.packages),
      ...(base.python !== undefined && {
        python: { wanted: base.python.wanted, packages: inOrder(base.python.packages) },
      }),
      node: { version: base.node.version, integrity: inOrder(base.node.integrity) },
    },
  };
  return `${JSON.stringify(ordered, undefined, 2)}\n`;
}

function inOrder<T>(record: Partial<Record<Platform, T>>): Partial<Record<Platform, T>> {
  return Object.fromEntries(
    PLATFORMS.flatMap((platform) =>
      record[platform] === undefined ? [] : [[platform, record[platform]]],
    ),
  );
}

function lockError(path: string, fault: string): Error {
  return userError("BUILD_LOCK", `${path} ${fault}.`, {
    hint: "Delete the file to have a new one made, or take the committed one back.",
  });
}
