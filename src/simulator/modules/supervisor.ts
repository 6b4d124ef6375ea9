/**
 * Keeps a module running, as edgeAgent does: started again when it ends, with pauses that double
 * while it does not last.
 *
 * @source Azure/iotedge: edge-agent/src/…Agent.Core/RestartPolicyManager.cs
 */

import type { Log } from "../../core/ports.ts";
import type { ModuleEnvironment, RunningModule, StartModule } from "./module-runner.ts";

export type Supervised = {
  readonly kill: () => void;
  readonly stop: () => Promise<void>;
  readonly restarts: () => number;
  readonly running: () => boolean;
};

export type SupervisorOptions = {
  readonly name: string;
  readonly start: StartModule;
  readonly env: ModuleEnvironment;
  readonly socket: string;
  readonly restart: "always" | "never";
  readonly log: Log;
};

/** Shorter than edgeAgent's 10 s: nobody likes to wait for a simulation. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 30_000;
/** A module that ran this long begins with the first pause again. */
const GOOD_MS = 3_000;

/** @throws Error where the first start fails */
export async function supervise(options: SupervisorOptions): Promise<Supervised> {
  const { name, log } = options;
  let current: RunningModule | undefined;
  let stopped = false;
  let restarts = 0;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;
  let starting: Promise<void> | undefined;

  const start = async (): Promise<void> => {
    const running = await options.start(options.env, options.socket);
    current = running;
    const good = setTimeout(() => {
      pauseMs = FIRST_PAUSE_MS;
    }, GOOD_MS);
    void running.ended.then((how) => {
      clearTimeout(good);
      current = undefined;
      if (stopped) return;
      log.warn(`${name} ended: ${how}`);
      if (options.restart === "always") again();
    });
  };
  const again = (): void => {
    timer = setTimeout(() => {
      restarts += 1;
      starting = start().catch((error: unknown) => {
        log.error(`${name} cannot be started again: ${(error as Error).message}`);
        if (!stopped) again();
      });
    }, pauseMs);
    pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS);
  };
  await start();
  return {
    kill: () => current?.kill(),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      // One that is just being started would outlive the device.
      await starting;
      await current?.stop();
    },
    restarts: () => restarts,
    running: () => current !== undefined,
  };
}
