/**
 * Which messages may have brought the module down? Those whose run had begun when it ended. Who was
 * there at two ends in a row, with no result of another one between them, is set aside.
 */

export type Suspects = {
  /** A run begins. */
  readonly began: (key: string) => void;
  /** A result, or a fault, is there. */
  readonly answered: (key: string) => void;
  /** The module ended in good order: nothing that ran is to blame. */
  readonly stopped: () => void;
  /** Whose runs have begun. */
  readonly running: () => readonly string[];
  /** The module starts again. */
  readonly started: () => void;
  /** Ends in a row at which its run had begun. */
  readonly endsOf: (key: string) => number;
};

export const ENDS_TO_SET_ASIDE = 2;

export function createSuspects(): Suspects {
  const running = new Set<string>();
  let ends = new Map<string, number>();
  let progress = false;
  return {
    began: (key) => void running.add(key),
    answered: (key) => {
      if (!running.delete(key)) return;
      ends.delete(key);
      progress = true;
    },
    stopped: () => running.clear(),
    running: () => [...running],
    started: () => {
      const before = progress ? new Map<string, number>() : ends;
      ends = new Map([...running].map((key) => [key, (before.get(key) ?? 0) + 1]));
      running.clear();
      progress = false;
    },
    endsOf: (key) => ends.get(key) ?? 0,
  };
}
