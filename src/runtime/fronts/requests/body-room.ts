/**
 * Memory for all the bodies that are here at a time, whatever their requests wait for: the limit of a
 * single body says nothing of how many come together.
 */

/** What one request holds of the room. */
export type BodyShare = {
  /** False where there is no room for so many bytes more; nothing is held for them then. */
  readonly grow: (bytes: number) => boolean;
  /** Gives back all of it; what comes in later finds no room. */
  readonly leave: () => void;
};

export type BodyRoom = { readonly enter: () => BodyShare };

/** @param bytes of all bodies together; Infinity where there is no limit */
export function createBodyRoom(bytes: number): BodyRoom {
  let free = bytes;
  return {
    enter: () => {
      let held = 0;
      let left = false;
      return {
        grow: (more) => {
          if (left || more > free) return false;
          free -= more;
          held += more;
          return true;
        },
        leave: () => {
          free += held;
          held = 0;
          left = true;
        },
      };
    },
  };
}
