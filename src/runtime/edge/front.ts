/**
 * The edge front: the module on an IoT Edge device. Outbox → twin as it was last → connection; on
 * each connection: twin, report, results that wait, then inputs. It is imported only where the
 * environment says that this is an edge module, since the device SDK costs time and memory.
 */

import { join } from "node:path";

import type { Clock, Log } from "../../core/ports.ts";
import type { Scorer } from "../../core/scoring.ts";
import { openEdgeClient } from "./client.ts";
import type { EdgeClient } from "./client.ts";
import { Connection } from "./connection.ts";
import type { RuntimeControls } from "./controls.ts";
import { createDesiredState } from "./desired-state.ts";
import type { PatchReport } from "./desired-state.ts";
import { InputHandler } from "./input-handler.ts";
import { createMessageScorer } from "./message-scorer.ts";
import { createMethods } from "./methods.ts";
import type { MethodsOptions } from "./methods.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxLimits, OutboxState } from "./outbox.ts";

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
const REPORT_EVERY_MS = 60_000;
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

  const reporter = createReporter(options, outbox);
  const connection = new Connection({
    open: () =>
      openEdgeClient({
        onInput: (input) => inputs.take(input),
        onDesiredPatch: (patch) => reporter.patched(desired.patch(patch)),
        methods: createMethods({ ...options, scoreBody: messages.scoreBody }),
      }),
    begin: async (client) => {
      const report = desired.replace(await client.desired());
      // What cannot be told must not keep messages waiting.
      await reporter.begin(client, report).catch((error: unknown) => {
        log.warn(`the twin does not take the report: ${(error as Error).message}`);
      });
      outbox.attach(client.send);
      client.listen();
    },
    end: () => {
      reporter.end();
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

/** Tells the cloud what is in force: as a connection begins, after each patch, once a minute. */
function createReporter({ identity, state }: EdgeFrontOptions, outbox: Outbox) {
  let client: EdgeClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let last = "";
  const send = async (patch: object): Promise<void> => {
    const current = { ...state(), outbox: outbox.state() };
    const text = JSON.stringify(current);
    if (text === last && Object.keys(patch).length === 0) return;
    last = text;
    await client?.report({ ...patch, ...current });
  };
  const sendQuietly = (patch: object): void => {
    // A report that fails is made again on the next connection.
    send(patch).catch(() => undefined);
  };
  return {
    begin: async (opened: EdgeClient, report: PatchReport | undefined): Promise<void> => {
      client = opened;
      last = "";
      timer = setInterval(() => sendQuietly({}), REPORT_EVERY_MS);
      await send({ ...identity, ...(report !== undefined && lastPatch(report)) });
    },
    patched: (report: PatchReport): void => sendQuietly(lastPatch(report)),
    end: (): void => {
      client = undefined;
      clearInterval(timer);
    },
  };
}

/** null first takes away the problems of the patch before. */
function lastPatch({ version, ok, problems }: PatchReport): object {
  const all = { p1: null, p2: null, p3: null, p4: null, p5: null, ...problems };
  return { lastPatch: { version, ok, problems: all } };
}
