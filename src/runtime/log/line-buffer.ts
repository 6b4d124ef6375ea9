/** Lines that may wait are written together: a system call for each would cost as much as its request. */

export type Sink = { readonly write: (line: string) => unknown };

export type LineBuffer = {
  /** At once, and what waits before it. */
  readonly write: (line: string) => void;
  /** With the next line that cannot wait, or in a moment. */
  readonly hold: (line: string) => void;
};

const HOLD_MS = 50;
const HOLD_CHARACTERS = 32 * 1024;

export function createLineBuffer(sink: Sink): LineBuffer {
  let held = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    process.off("exit", flush);
    const text = held;
    held = "";
    if (text !== "") sink.write(text);
  };
  return {
    write: (line) => {
      if (held === "") sink.write(line);
      else {
        held += line;
        flush();
      }
    },
    hold: (line) => {
      held += line;
      if (held.length > HOLD_CHARACTERS) flush();
      else if (timer === undefined) {
        timer = setTimeout(flush, HOLD_MS).unref();
        // Whoever exits before that says its last words first.
        process.once("exit", flush);
      }
    },
  };
}
