/** In which order are the models of a spec looked at? Small ones side by side, large ones alone. */

import { stat } from "node:fs/promises";

import { externalFilesOf } from "../../model/prepare/external/external-files.ts";

/** Each is loaded by a process of its own, which takes a few times its size. */
const SMALL_BYTES = 32 << 20;
/** What takes most of a small model's time is the start of processes. */
const SIDE_BY_SIDE = 4;

/** Each path once. @param look at one of them */
export async function lookAtAll<T>(
  paths: Iterable<string>,
  look: (path: string) => Promise<T>,
): Promise<ReadonlyMap<string, T>> {
  const looked = new Map<string, T>();
  const small: string[] = [];
  for (const path of new Set(paths)) {
    if (await isSmall(path)) small.push(path);
    else looked.set(path, await look(path));
  }
  const worker = async (): Promise<void> => {
    for (let path = small.shift(); path !== undefined; path = small.shift())
      looked.set(path, await look(path));
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return looked;
}

/** What cannot be read is found out by the look. */
async function isSmall(path: string): Promise<boolean> {
  try {
    let bytes = (await stat(path)).size;
    if (bytes > SMALL_BYTES) return false;
    for (const file of externalFilesOf(path)) bytes += (await stat(file)).size;
    return bytes <= SMALL_BYTES;
  } catch {
    return true;
  }
}
