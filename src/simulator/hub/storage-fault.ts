/** The disk of the hub does not take what must be on it: nothing is accepted that a restart would lose. */

export class StorageFault extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what} cannot be stored: ${(cause as Error).message}`, { cause });
    this.name = "StorageFault";
  }
}

/** @throws StorageFault where the work cannot write */
export function storing<T>(what: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new StorageFault(what, error);
  }
}
