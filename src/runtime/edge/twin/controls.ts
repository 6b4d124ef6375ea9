/** What the twin may change while the runtime serves: the story hands the real ones in. */

import type { OutboxLimits } from "../outbox/outbox.ts";

export type RequestSettingsPatch = {
  readonly requestTimeoutMs?: number;
  readonly maxConcurrentRequestsPerInstance?: number;
  readonly maxQueueWaitMs?: number;
};

export type RuntimeControls = {
  readonly setTraffic: (traffic: Readonly<Record<string, number>>) => void;
  readonly setMirror: (
    mirror: { readonly deployment: string; readonly percent: number } | undefined,
  ) => void;
  /** What is absent is as the spec says. */
  readonly setRequestSettings: (settings: RequestSettingsPatch) => void;
  readonly setEnabled: (deployment: string, enabled: boolean) => void;
  readonly setLogLevel: (level: string) => void;
  /** What credentials are held against; `undefined`: as at the start. @throws UserError for a wrong form */
  readonly setKeys: (keys: readonly string[] | undefined) => void;
  readonly setOutboxLimits: (limits: Partial<OutboxLimits>) => void;
};
