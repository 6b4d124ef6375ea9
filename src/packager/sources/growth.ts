/** How large may something of somebody else's become when it is unpacked? */

import { Transform } from "node:stream";
import { imageFault } from "./image-fault.ts";

/** Of a whole image, unpacked: what devices have room for is far below. */
const MOST_UNPACKED_BYTES = 16 * 2 ** 30;
/** A layer of zeros is 1000 times as large unpacked; a system is 3 times. */
const MOST_GROWTH = 200;
const GROWTH_FROM_BYTES = 256 * 2 ** 20;

export type Growth = {
  /** Told of what is read. */
  readonly read: (bytes: number) => void;
  /** Told of what it became. @throws UserError where that is too much */
  readonly grown: (bytes: number) => void;
};

export function limitGrowth(title: string): Growth {
  let read = 0;
  let grown = 0;
  return {
    read: (bytes) => {
      read += bytes;
    },
    grown: (bytes) => {
      grown += bytes;
      const most = Math.max(GROWTH_FROM_BYTES, read * MOST_GROWTH);
      if (grown > Math.min(most, MOST_UNPACKED_BYTES))
        throw imageFault(title, `grows to more than ${grown} bytes from ${read}`);
    },
  };
}

/** A stage that lets everything through, and ends where `see` throws. */
export function tap(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      try {
        see(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
