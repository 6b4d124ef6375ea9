/** Where may an archive be written? In the place of another archive, and of nothing else. */

import { open } from "node:fs/promises";

import { userError } from "../../core/problem.ts";
import type { OutputFiles } from "./output-files.ts";

/**
 * An image takes the place of an image before, or of an empty file; never of a spec or a model.
 *
 * @throws UserError
 */
export async function claimArchive(path: string, outputs: OutputFiles): Promise<void> {
  await outputs.claim(path);
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return;
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(TAR_MAGIC.end) });
    if (bytesRead === 0) return;
    if (buffer.subarray(TAR_MAGIC.start).toString("latin1") === TAR_MAGIC.text) return;
  } finally {
    await file.close();
  }
  throw userError("BUILD_OUTPUT", `${path} is there already, and is no image archive.`, {
    hint: "Name another place, or remove the file.",
  });
}

/** @source POSIX ustar header: offset 257 */
const TAR_MAGIC = { start: 257, end: 262, text: "ustar" } as const;
