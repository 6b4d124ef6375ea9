/** Messages that a scenario sends, each with an id of its own, and how many came back. */

import { userError } from "../../core/problem.ts";
import type { Clock } from "../../core/ports.ts";
import type { Device } from "../device.ts";
import { isStop, sleep } from "./patience.ts";
import { bodiesOf } from "./send-bodies.ts";
import type { Send } from "./send-bodies.ts";

type Sent = {
  /** Of `as`, or of its place among the sends. */
  readonly name: string;
  readonly count: number;
  readonly finished: Promise<void>;
};

export type Sender = {
  readonly send: (send: Send) => Sent;
  /** Sent so far. */
  readonly total: () => number;
  readonly byName: (name: string) => Sent | undefined;
  /** Which send a message answers. */
  readonly nameOf: (messageId: string) => string | undefined;
  /** Resolves when nothing is sent any more, with what went wrong in the background by its name. */
  readonly ended: () => Promise<ReadonlyMap<string, string>>;
};

export type SenderOptions = {
  readonly device: Device;
  /** In every id: a module that has seen the ids of an earlier run would answer from memory. */
  readonly run: string;
  /** That files are relative to. */
  readonly folder: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

const DEFAULT_INPUT = "amlInput";

export function createSender({ device, run, folder, clock, signal }: SenderOptions): Sender {
  const sends = new Map<string, Sent>();
  const ids = new Map<string, string>();
  const faults = new Map<string, string>();
  const deliver = (send: Send, body: Uint8Array, mid: string): void => {
    const bag = {
      system: { mid, ct: "application/json", ce: "utf-8" },
      properties: send.properties ?? {},
    };
    if (send.to === undefined) device.hub.sendFromDevice({ bag, body });
    else device.hub.sendToInput(send.to, send.input ?? DEFAULT_INPUT, { bag, body });
  };
  const sendAll = async (
    send: Send,
    name: string,
    bodies: readonly Uint8Array[],
  ): Promise<void> => {
    const count = send.count ?? bodies.length;
    const start = clock.monotonic();
    for (let number = 0; number < count; number += 1) {
      signal.throwIfAborted();
      if (send.rate !== undefined) {
        const dueMs = start + (number * 1000) / send.rate - clock.monotonic();
        if (dueMs > 1) await sleep(dueMs, signal);
      } else if (number % 64 === 63) await new Promise(setImmediate);
      const mid = `${name}-${run}-${String(number + 1).padStart(6, "0")}`;
      // Known before it goes out: what routes send straight to the cloud is there at once.
      ids.set(mid, name);
      try {
        deliver(send, bodies[number % bodies.length] ?? new Uint8Array(), mid);
      } catch (error) {
        ids.delete(mid);
        throw error;
      }
    }
  };
  return {
    send: (send) => {
      const name = send.as ?? `send-${sends.size + 1}`;
      if (sends.has(name)) throw userError("SIM_SCENARIO", `two sends are called '${name}'`);
      const bodies = bodiesOf(send, folder);
      const finished = sendAll(send, name, bodies);
      finished.catch((error: unknown) => {
        if (!isStop(error)) faults.set(name, (error as Error).message);
      });
      const sent = { name, count: send.count ?? bodies.length, finished };
      sends.set(name, sent);
      return sent;
    },
    total: () => ids.size,
    byName: (name) => sends.get(name),
    nameOf: (messageId) => ids.get(messageId),
    ended: async () => {
      await Promise.allSettled([...sends.values()].map(({ finished }) => finished));
      return faults;
    },
  };
}
