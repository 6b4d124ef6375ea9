/**
 * The outbox's folder, as soon as it can be opened: a volume may be late, or read-only until somebody
 * repairs it.
 */

import type { Log } from "../../../core/ports.ts";
import { openDisk } from "./disk.ts";
import type { DiskOptions, OpenedDisk, OutboxDisk } from "./disk.ts";

const RETRY_MS = 10_000;

export class Volume {
  readonly #options: DiskOptions;
  readonly #onOpen: (opened: OpenedDisk) => void;
  readonly #log: Log;
  #disk: OutboxDisk | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Each reason is one line in the log. */
  #said = "";

  /** @param onOpen called once, perhaps at once */
  constructor(options: DiskOptions, onOpen: (opened: OpenedDisk) => void) {
    this.#options = options;
    this.#onOpen = onOpen;
    this.#log = options.log;
  }

  /** Absent while it cannot be opened. */
  get disk(): OutboxDisk | undefined {
    return this.#disk;
  }

  open(): void {
    const opened = this.#tryOpen();
    if (opened === undefined) {
      this.#retry = setTimeout(() => this.open(), RETRY_MS).unref();
      return;
    }
    if (this.#said !== "") this.#log.info("the outbox is on the disk");
    this.#disk = opened.disk;
    this.#onOpen(opened);
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#disk?.close();
  }

  #tryOpen(): OpenedDisk | undefined {
    try {
      return openDisk(this.#options);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#said) {
        this.#log.error(`the outbox cannot be opened, results are kept in memory: ${message}`);
      }
      this.#said = message;
      return undefined;
    }
  }
}
