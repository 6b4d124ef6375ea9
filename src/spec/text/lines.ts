/** Where does an offset of a text stand: which line, which column? */

import type { Place } from "../../core/problem.ts";

export type LineIndex = {
  /** Line and column count from 1, the column in UTF-16 units as editors count. */
  readonly placeOf: (offset: number, path: string) => Place;
};

export function lineIndexOf(text: string, file: string): LineIndex {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return {
    placeOf: (offset, path) => {
      const line = lastAtMost(starts, offset);
      return { file, line: line + 1, col: offset - (starts[line] ?? 0) + 1, path };
    },
  };
}

/** Index of the last of the ascending `starts` that is at most `offset`. */
function lastAtMost(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
