/** The processes of one deployment's script: started, watched, started again, and handed out one by one. */

import type { Cancellation } from "../../../core/cancellation.ts";
import type { Log, LogFields } from "../../../core/ports.ts";
import { createMemoryWatch } from "./memory-watch.ts";
import { createProcessPool } from "./process-pool.ts";
import { startScriptProcess } from "./script-process.ts";
import type { ProcessSettings, ScriptProcess } from "./script-process.ts";
import { createSupervisor } from "./supervisor.ts";
import type { Supervisor } from "./supervisor.ts";

export type CrewOptions = {
  readonly size: number;
  readonly process: ProcessSettings;
  /** Of one process. */
  readonly memoryBytes: number;
  readonly log: Log;
  readonly fields: LogFields;
};

export type Crew = {
  /** Why those that could not start could not; empty when all are there. */
  readonly start: () => Promise<readonly unknown[]>;
  /** Goes on trying, for those that could not start. */
  readonly retry: () => void;
  /** Ends every process; new ones are started at once. */
  readonly restart: () => void;
  /** Whether there is a process, or will be soon: a request may wait for it. */
  readonly hopeful: () => boolean;
  /** `undefined` when the request is cancelled first, or when nobody is left to wait for. */
  readonly acquire: (cancellation: Cancellation) => Promise<ScriptProcess | undefined>;
  readonly release: (process: ScriptProcess) => void;
  /** Version → OpenAPI document, as the script that was loaded last has them. */
  readonly swagger: () => Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
};

const RESTARTED = "the script is loaded again";

export function createCrew(options: CrewOptions): Crew {
  const { size, log, fields } = options;
  const pool = createProcessPool();
  const memory = createMemoryWatch(options.memoryBytes);
  let swagger: Readonly<Record<string, string>> = {};
  let closing = false;
  const supervisors: readonly Supervisor[] = Array.from({ length: size }, () =>
    createSupervisor({
      start: (onSpawn) =>
        startScriptProcess(options.process, (process) => {
          memory.watch(process);
          onSpawn(process);
        }),
      onUp: (process) => {
        ({ swagger } = process);
        pool.offer(process);
      },
      onDown: (process, reason) => {
        pool.remove(process);
        if (closing || reason === RESTARTED) return;
        log.error(`a script process ended and is started again: ${reason}`, fields);
      },
      onFailure: (error, retryMs) => {
        const words = wordsOf(error);
        log.error(`the script cannot be started, next try in ${retryMs} ms: ${words}`, fields);
        if (!hopeful()) pool.dismiss();
      },
    }),
  );
  const hopeful = (): boolean => supervisors.some((supervisor) => supervisor.hopeful());
  return {
    start: async () => {
      const starts = await Promise.allSettled(supervisors.map((supervisor) => supervisor.start()));
      return starts.flatMap((start) => (start.status === "rejected" ? [start.reason] : []));
    },
    retry: () => {
      for (const supervisor of supervisors) if (!supervisor.hopeful()) supervisor.retry();
    },
    restart: () => {
      log.info(RESTARTED, fields);
      for (const supervisor of supervisors) supervisor.restart(RESTARTED);
    },
    hopeful,
    acquire: pool.acquire,
    release: (process) => {
      if (!process.over()) pool.offer(process);
    },
    swagger: () => swagger,
    close: async () => {
      closing = true;
      pool.dismiss();
      await Promise.all(supervisors.map((supervisor) => supervisor.close("the runtime stops")));
      memory.close();
    },
  };
}

export function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
