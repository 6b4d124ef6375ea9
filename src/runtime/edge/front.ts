/**
 * The edge front: the module on an IoT Edge device. Outbox → twin as it was last → connection; on
 * each connection: twin, report, results that wait, then inputs. It is imported only where the
 * environment says that this is an edge module, since the device SDK costs time and memory.
 */

import { join } from "node:path";

import type { Clock, Log } from "../../core/ports.ts";
import type { Scorer } from "../../core/scoring.ts";
import { openEdgeClient } from "./hub/client.ts";
import { Connection } from "./hub/connection.ts";
import type { RuntimeControls } from "./twin/controls.ts";
import { createDesiredState } from "./twin/desired-state.ts";
import { InputHandler } from "./messages/input-handler.ts";
import { createMessageScorer } from "./messages/message-scorer.ts";
import { createMethods } from "./methods.ts";
import type { MethodsOptions } from "./methods.ts";
import { Outbox } from "./outbox/outbox.ts";
import type { OutboxLimits, OutboxState } from "./outbox/outbox.ts";
import { createSend } from "./messages/send.ts";
import { TwinSession } from "./twin/twin-session.ts";

export type EdgeFrontOptions = {
  readonly scorer: Scorer;
  /** Inputs that run at a time. */
  readonly window: () => number;
  readonly deployments: readonly string[];
  /** As the spec says. */
  readonly traffic: Readonly<Record<string, number>>;
  readonly resultOutput: string;
  readonly errorOutput: string;
  /** Where results wait; absent: there is no volume. */
  readonly folder?: string;
  readonly outboxLimits: Partial<OutboxLimits>;
  readonly controls: Omit<RuntimeControls, "setOutboxLimits">;
  /** What is reported beside the state: versions, models, limits. */
  readonly identity: object;
  /** What is in force now. */
  readonly state: () => object;
  readonly jobMethods: MethodsOptions["jobMethods"];
  readonly ready: () => boolean;
  readonly stats: () => object;
  readonly observe: (deployment: string, status: number) => void;
  readonly clock: Clock;
  readonly createId: () => string;
  readonly random: () => number;
  readonly log: Log;
};

export type EdgeFront = {
  readonly connected: () => boolean;
  readonly outbox: () => OutboxState;
  /** Takes no more inputs, finishes what runs, keeps the rest for the next start. */
  readonly stop: () => Promise<void>;
};

const OUTBOX_LIMITS: OutboxLimits = { maxBytes: 256 * 1024 * 1024, maxAgeSeconds: 7 * 86_400 };
/** What runs longer is left to the next start: its input is not acknowledged. */
const STOP_LIMIT_MS = 5_000;

export function startEdgeFront(options: EdgeFrontOptions): EdgeFront {
  const { folder, log, clock } = options;
  if (folder === undefined) {
    log.warn("there is no volume: an input is acknowledged only when the hub has its result");
  }
  const limits = { ...OUTBOX_LIMITS, ...options.outboxLimits };
  const outbox = new Outbox({
    ...(folder !== undefined && { folder: join(folder, "outbox") }),
    limits,
    clock,
    log,
  });
  const messages = createMessageScorer(options);
  const inputs = new InputHandler({
    outbox,
    answer: messages.answer,
    setAside: messages.setAside,
    failed: messages.failed,
    window: options.window,
    log,
  });
  const desired = createDesiredState({
    deployments: options.deployments,
    traffic: options.traffic,
    controls: {
      ...options.controls,
      setOutboxLimits: (patch) => outbox.setLimits({ ...limits, ...patch }),
    },
    ...(folder !== undefined && { folder }),
    log,
  });
  desired.restore();

  const twin = new TwinSession({
    desired,
    identity: options.identity,
    state: () => ({ ...options.state(), outbox: outbox.state() }),
    log,
  });
  const connection = new Connection({
    open: () => {
      twin.expectWhole();
      return openEdgeClient({
        onInput: (input) => inputs.take(input),
        onDesiredPatch: (patch) => twin.patched(patch),
        methods: createMethods({ ...options, scoreBody: messages.scoreBody }),
      });
    },
    begin: async (client) => {
      await twin.begin(client);
      outbox.attach(createSend({ client, tooLarge: messages.tooLarge, log }));
      client.listen();
    },
    end: () => {
      twin.end();
      outbox.detach();
    },
    random: options.random,
    clock,
    log,
  });
  return {
    connected: () => connection.connected,
    outbox: () => outbox.state(),
    stop: async () => {
      await Promise.race([inputs.stop(), pause(STOP_LIMIT_MS)]);
      await connection.stop();
      await outbox.close();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
