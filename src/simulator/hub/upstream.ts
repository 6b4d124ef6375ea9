/** What has arrived in the cloud? Counts over everything, the newest messages themselves. */

import type { HubMessage } from "./message.ts";

export type Upstream = {
  readonly add: (message: HubMessage) => void;
  /** The newest ones, oldest first. */
  readonly messages: () => readonly HubMessage[];
  readonly count: () => number;
  /** Shows each message as it arrives, to those who need more than the newest. */
  readonly watch: (see: (message: HubMessage) => void) => void;
};

const KEPT = 20_000;

export function createUpstream(): Upstream {
  let kept: HubMessage[] = [];
  let count = 0;
  const watchers: ((message: HubMessage) => void)[] = [];
  return {
    add: (message) => {
      count += 1;
      for (const see of watchers) see(message);
      kept.push(message);
      if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
    },
    messages: () => kept,
    count: () => count,
    watch: (see) => watchers.push(see),
  };
}
