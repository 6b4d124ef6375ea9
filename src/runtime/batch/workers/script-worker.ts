/** One process of a batch script: mini-batches in, rows out; what hangs or dies is started again. */

import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import type { Log } from "../../../core/ports.ts";
import type { ResolvedDeployment } from "../../../spec/resolved.ts";
import { scriptEnvironment } from "../../scripts/environment.ts";
import { createMemoryWatch } from "../../scripts/processes/memory-watch.ts";
import { ProcessLost, startScriptProcess } from "../../scripts/processes/script-process.ts";
import type {
  ProcessSettings,
  RunningProcess,
  ScriptProcess,
} from "../../scripts/processes/script-process.ts";
import type { WriteLine } from "../../scripts/log-lines.ts";
import type { Attempt, MiniBatch, Worker } from "./mini-batch.ts";
import type { JobSettings } from "../settings.ts";

export type ScriptWorkerOptions = {
  readonly deployment: ResolvedDeployment;
  readonly settings: JobSettings;
  /** Folder that the mini-batches' paths are relative to. */
  readonly root: string;
  /** What the script sees as `AZUREML_BI_OUTPUT_PATH`. */
  readonly output: string;
  readonly python: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onnxruntime: string;
  /** Of one process. */
  readonly memoryBytes: number;
  readonly log: Log;
  readonly streams: { readonly stdout: WriteLine; readonly stderr: WriteLine };
};

/** As long as the parallel job lets a first task take. @source azureml-contract 5.5 */
const INIT_TIMEOUT_MS = 600_000;
const FINISH_MS = 30_000;
/** Of a process that is killed while it starts, for lack of memory as a rule; it may pass. */
const MOST_STARTS = 3;
const START_AGAIN_MS = 1_000;

/** What the host says of a mini-batch. */
type HostFacts = {
  readonly rows: number;
  readonly head: string;
  readonly runMs: number;
  readonly writeMs: number;
  readonly reason?: string;
};

export function createScriptWorker(options: ScriptWorkerOptions): Worker {
  const memory = createMemoryWatch(options.memoryBytes);
  let current: ScriptProcess | undefined;
  let spawned: RunningProcess | undefined;
  let killed = false;
  const startOnce = (): Promise<ScriptProcess> =>
    startScriptProcess(processSettings(options), (process) => {
      spawned = process;
      memory.watch(process);
      if (killed) process.kill(STOPPED);
    });
  const start = async (): Promise<ScriptProcess> => {
    for (let starts = 1; ; starts += 1) {
      try {
        current = await startOnce();
        return current;
      } catch (error) {
        if (!(error instanceof ProcessLost) || killed) throw error;
        const { message } = error;
        if (starts === MOST_STARTS) {
          throw new Error(`killed ${starts} times while it started: ${message}`, { cause: error });
        }
        options.log.warn(`a worker was killed while it started, and is started again: ${message}`);
        await wait(START_AGAIN_MS * starts);
      }
    }
  };
  const kill = async (reason: string): Promise<void> => {
    spawned?.kill(reason);
    await spawned?.ended;
  };
  return {
    start: async () => void (await start()),
    score: async (miniBatch, timeoutMs) => {
      try {
        const process = current?.over() === false ? current : await start();
        return await attempt(process, miniBatch, { timeoutMs, root: options.root });
      } catch (error) {
        return { kind: "failed", reason: (error as Error).message, runMs: 0 };
      }
    },
    finish: async () => {
      if (current?.over() === false) {
        const { reply, done } = current.call({ envelope: ["shutdown"], body: NOTHING });
        // Every mini-batch is done: a process that does not come to its end changes nothing of that.
        const told = reply.catch(({ message }: Error) => {
          options.log.warn(`shutdown() did not come to its end: ${message}`);
        });
        const limit = setTimeout(() => void kill("shutdown() took too long"), FINISH_MS);
        await Promise.all([told, done]);
        clearTimeout(limit);
      }
      await kill("the job is done");
      memory.close();
    },
    kill: async () => {
      killed = true;
      await kill(STOPPED);
      memory.close();
    },
  };
}

const NOTHING = new Uint8Array();
const STOPPED = "the job stops";

async function attempt(
  process: ScriptProcess,
  { files, paths }: MiniBatch,
  { timeoutMs, root }: { readonly timeoutMs: number; readonly root: string },
): Promise<Attempt> {
  const envelope = ["run", ...paths.map((path) => join(root, path))];
  const { reply } = process.call({ envelope, body: NOTHING });
  const seconds = timeoutMs / 1000;
  const timer = setTimeout(
    () =>
      // @source azureml-contract 5.5: what Azure logs
      process.kill(
        `No progress update in [${seconds}] seconds: run() took longer than the timeout`,
      ),
    timeoutMs,
  );
  try {
    const { status, headers, body } = await reply;
    const facts = JSON.parse(headers[0]?.[1] ?? "{}") as HostFacts;
    if (status !== 200) return { kind: "failed", reason: facts.reason ?? "", runMs: 0 };
    const { rows, head, runMs, writeMs } = facts;
    return {
      kind: "scored",
      rows,
      head,
      bytes: body as Uint8Array,
      failedItems: Math.max(0, files.length - rows),
      errors: [],
      timing: { readMs: 0, runMs, writeMs },
    };
  } catch (error) {
    // A process that was killed is gone for good before the next one starts.
    await process.ended;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function processSettings(options: ScriptWorkerOptions): ProcessSettings {
  const { deployment, settings, output, log, streams } = options;
  const { script } = deployment;
  if (script === undefined) throw new Error("a deployment without a script has no such worker");
  const { format, outputAction, loggingLevel, maxConcurrencyPerInstance } = settings;
  const shared = { ...deployment, maxConcurrentRequestsPerInstance: maxConcurrencyPerInstance };
  return {
    python: options.python,
    env: {
      ...scriptEnvironment(shared, options),
      AZUREML_BI_OUTPUT_PATH: output,
      EDGEWRIGHT_BATCH_FORMAT: outputAction === "summary_only" ? "none" : format,
      EDGEWRIGHT_BATCH_LOGGING: loggingLevel,
    },
    workingFolder: dirname(script.path),
    initTimeoutMs: INIT_TIMEOUT_MS,
    log,
    fields: { deployment: deployment.name },
    streams,
  };
}
