/** An outbox whose clock and log are the test's, results for it, and a hub that takes them when told to. */

import type { TestContext } from "node:test";

import { Outbox } from "../../src/runtime/edge/outbox/outbox.ts";
import type { OutboxLimits } from "../../src/runtime/edge/outbox/outbox.ts";
import type { Result } from "../../src/runtime/edge/outbox/result.ts";
import { keptLog, movedClock } from "./quiet.ts";
import { tempFolder } from "./temp-folder.ts";

export const LIMITS = { maxBytes: 1 << 20, maxAgeSeconds: 3600 };

export function openOutbox(folder: string | undefined, limits: OutboxLimits = LIMITS) {
  const [log, clock] = [keptLog(), movedClock()];
  const outbox = new Outbox({ ...(folder !== undefined && { folder }), limits, clock, log });
  return { outbox, log, clock };
}

export function result(key: string, body = `{"of":"${key}"}`): Result {
  return { key, name: "amlOutput", bag: { system: { mid: key }, properties: { p: "v" } }, body };
}

/** A hub that takes results when it is told to. */
export function hub() {
  const asked: { readonly key: string; readonly take: () => void; readonly lose: () => void }[] =
    [];
  const send = ({ key }: Result): Promise<void> =>
    new Promise((resolve, reject) => {
      asked.push({ key, take: resolve, lose: () => reject(new Error("gone")) });
    });
  return { send, asked, keys: () => asked.map(({ key }) => key) };
}

export const settled = (): Promise<void> => new Promise(setImmediate);

/** As `kill -9` leaves it: nothing is closed. */
export async function abandoned(context: TestContext, keys: readonly string[]): Promise<string> {
  const folder = tempFolder(context);
  const { outbox } = openOutbox(folder);
  for (const key of keys) await outbox.add(result(key));
  return folder;
}
