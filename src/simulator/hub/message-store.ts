/** What would a restart of the hub lose? Nothing: messages that wait or went upstream are on disk. */

import { openJournal } from "../../journal/journal.ts";
import type { Journal, JournalPlace } from "../../journal/journal.ts";
import type { HubMessage } from "./message.ts";
import { storing } from "./storage-fault.ts";

export type StoredTarget = {
  /** `$upstream`, or `module/input`. */
  readonly endpoint: string;
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
};

export type Stored = { readonly message: HubMessage; readonly targets: readonly StoredTarget[] };

export type MessageStore = {
  /** @throws StorageFault where the disk does not take it */
  readonly add: (stored: Stored) => void;
  /** Delivered, or expired: this endpoint needs it no more. */
  readonly done: (id: number, endpoint: string) => void;
  readonly close: () => void;
};

const MESSAGE = 1;
const DONE = 2;
const SEGMENT_BYTES = 16 * 1024 * 1024;

export type OpenedStore = {
  readonly store: MessageStore;
  /** In the order of arrival, each with the endpoints that still need it. */
  readonly found: readonly Stored[];
};

/** @param damaged called where the end of a file is torn, or a mark cannot be written */
export function openMessageStore(folder: string, damaged: (message: string) => void): OpenedStore {
  const found = new Map<number, { stored: Stored; open: Map<string, StoredTarget> }>();
  /** Messages of each segment that are still needed, to know when it can go. */
  const needed = new Map<number, { segment: number; open: number }>();
  const liveIn = new Map<number, number>();
  const remember = ({ message, targets }: Stored, { segment }: JournalPlace): void => {
    needed.set(message.id, { segment, open: targets.length });
    liveIn.set(segment, (liveIn.get(segment) ?? 0) + 1);
  };
  const forget = (id: number): void => {
    const entry = needed.get(id);
    if (entry === undefined) return;
    entry.open -= 1;
    if (entry.open > 0) return;
    needed.delete(id);
    const left = (liveIn.get(entry.segment) ?? 1) - 1;
    if (left > 0) liveIn.set(entry.segment, left);
    else liveIn.delete(entry.segment);
  };
  const journal: Journal = openJournal({
    folder,
    segmentBytes: SEGMENT_BYTES,
    damaged,
    replay: ({ kind, payload }, place) => {
      if (kind === MESSAGE) {
        const entry = parseStored(payload);
        const open = new Map(entry.targets.map((target) => [target.endpoint, target]));
        found.set(entry.message.id, { stored: entry, open });
        remember(entry, place);
      } else {
        const { id, endpoint } = parseDone(payload);
        const entry = found.get(id);
        if (entry?.open.delete(endpoint) === true) forget(id);
        if (entry?.open.size === 0) found.delete(id);
      }
    },
  });
  const store: MessageStore = {
    add: (message) => {
      const place = storing("a message", () => journal.append(MESSAGE, renderStored(message)));
      remember(message, place);
    },
    done: (id, endpoint) => {
      forget(id);
      // Segments first: on a full disk they are what makes room for the mark.
      journal.dropBefore(Math.min(...liveIn.keys(), Number.MAX_SAFE_INTEGER));
      try {
        journal.append(DONE, Buffer.from(`${id}\n${endpoint}`));
      } catch (error) {
        // It is delivered once more after a restart: at least once is what is promised.
        damaged(`a delivery cannot be noted: ${(error as Error).message}`);
      }
    },
    close: journal.close,
  };
  return {
    store,
    found: [...found.values()].map(({ stored: { message }, open }) => ({
      message,
      targets: [...open.values()],
    })),
  };
}

function renderStored({ message, targets }: Stored): Uint8Array {
  const { body, ...head } = message;
  return Buffer.concat([Buffer.from(`${JSON.stringify({ message: head, targets })}\n`), body]);
}

function parseStored(payload: Uint8Array): Stored {
  const bytes = Buffer.from(payload);
  const end = bytes.indexOf(0x0a);
  const { message, targets } = JSON.parse(bytes.toString("utf8", 0, end)) as {
    message: Omit<HubMessage, "body">;
    targets: readonly StoredTarget[];
  };
  return { message: { ...message, body: bytes.subarray(end + 1) }, targets };
}

/** The name of an input may hold anything, a line break too. */
function parseDone(payload: Uint8Array): { readonly id: number; readonly endpoint: string } {
  const text = Buffer.from(payload).toString();
  const cut = text.indexOf("\n");
  return { id: Number(text.slice(0, cut)), endpoint: text.slice(cut + 1) };
}
