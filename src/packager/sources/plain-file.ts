/** How is a file of somebody else's folder opened, which may be a pipe that nobody ever writes to? */

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** A folder, a pipe, a device. */
export class NoPlainFile extends Error {}

/** Waits for nobody. @throws NoPlainFile, Error of the file system */
export async function openPlainFile(file: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if ((await handle.stat()).isFile()) return handle;
    throw new NoPlainFile(`${file} is no plain file`);
  } catch (error) {
    await handle.close();
    throw error;
  }
}
