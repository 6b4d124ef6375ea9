/** How is a list of files cut into mini-batches? By number of files; the same way at every start. */

import type { MiniBatch } from "./mini-batch.ts";

/** Mini-batches one after the other, asked for by workers as they become free. */
export type Source = AsyncIterator<MiniBatch, undefined>;

export async function* cutByFiles(
  files: readonly string[],
  size: number,
): AsyncGenerator<MiniBatch, undefined> {
  for (let start = 0; start < files.length; start += size) {
    const paths = files.slice(start, start + size);
    const indexes = paths.map((_, index) => start + index);
    yield { id: start / size, files: indexes, paths, ending: paths.length };
  }
  return undefined;
}
