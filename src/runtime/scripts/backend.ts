/** What stands behind a deployment with a Python script: its processes, watched, killed and started again. */

import { dirname } from "node:path";

import type { Log } from "../../core/ports.ts";
import { userError } from "../../core/problem.ts";
import type { Backend, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import { scriptProcesses } from "../../spec/resolved.ts";
import type { ResolvedDeployment } from "../../spec/resolved.ts";
import { faultResponse } from "../wire/fault.ts";
import { RUN_FAILED, runFault, scriptAnswer } from "./answer.ts";
import type { StatusRule } from "./answer.ts";
import { scriptEnvironment } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { createMemoryWatch } from "./memory-watch.ts";
import { createProcessPool } from "./process-pool.ts";
import { runRequest } from "./run-request.ts";
import type { Outcome } from "./run-request.ts";
import { startScriptProcess } from "./script-process.ts";
import type { ProcessOptions } from "./script-process.ts";
import { createSupervisor } from "./supervisor.ts";
import type { Supervisor } from "./supervisor.ts";
import { swaggerResponse } from "./swagger.ts";

export type PythonBackendOptions = {
  readonly deployment: ResolvedDeployment;
  readonly python: string;
  /** Of the runtime's own process; a script sees what of it concerns a script. */
  readonly env: Environment;
  /** Path of ONNX Runtime's library. */
  readonly onnxruntime: string;
  /** Of one process, where the deployment sets none. */
  readonly memoryBytes: number;
  readonly status: StatusRule;
  /** What a failed first start means: the end, or another try while other deployments serve. */
  readonly onFailedStart: "throw" | "retry";
  readonly log: Log;
};

export type PythonBackend = Backend & {
  /** Answers `/swagger.json`. */
  readonly describe: (query: string) => ScoringResponse;
  /** Loads the script again. */
  readonly reload: () => void;
};

/** As long as the inference server lets a worker start. @source azureml-contract 4.10: WORKER_TIMEOUT */
const INIT_TIMEOUT_S = 300;

const RELOADED = "the script was loaded again";

export function createPythonBackend(options: PythonBackendOptions): PythonBackend {
  const { deployment, log, status } = options;
  const { name, environmentVariables } = deployment;
  const fields = { deployment: name };
  const pool = createProcessPool();
  const memory = createMemoryWatch(deployment.memoryBytes ?? options.memoryBytes);
  const timeoutMs = positive(environmentVariables["SCORING_TIMEOUT_MS"]);
  const settings = processSettings(options);
  let swagger: Readonly<Record<string, string>> = {};
  let closing = false;

  const supervisors: readonly Supervisor[] = Array.from(
    { length: deployment.instances * scriptProcesses(deployment) },
    () =>
      createSupervisor({
        start: (onSpawn) =>
          startScriptProcess({
            ...settings,
            onSpawn: (process) => {
              memory.watch(process);
              onSpawn(process);
            },
          }),
        onUp: (process) => {
          ({ swagger } = process);
          pool.offer(process);
        },
        onDown: (process, reason) => {
          pool.remove(process);
          if (!closing && reason !== RELOADED)
            log.error(`a script process ended and is started again: ${reason}`, fields);
        },
        onFailure: (error, retryMs) => {
          log.error(
            `the script cannot be started, next try in ${retryMs} ms: ${wordsOf(error)}`,
            fields,
          );
          if (!hopeful()) pool.dismiss();
        },
      }),
  );
  const hopeful = (): boolean => supervisors.some((supervisor) => supervisor.hopeful());
  const notReady = (): ScoringResponse =>
    faultResponse("ENGINE_NOT_READY", `deployment '${name}' is not ready`);

  const close = async (): Promise<void> => {
    closing = true;
    pool.dismiss();
    await Promise.all(supervisors.map((supervisor) => supervisor.close("the runtime stops")));
    memory.close();
  };
  const answerOf = (outcome: Outcome, request: ScoringRequest): ScoringResponse => {
    switch (outcome.kind) {
      case "reply":
        return scriptAnswer(outcome.reply, status);
      case "timeout":
        return runFault(`Scoring timeout after ${timeoutMs} ms`, status);
      case "ended":
        log.error(`the script's process ended while it ran: ${outcome.reason}`, {
          ...fields,
          requestId: request.requestId,
        });
        return runFault(RUN_FAILED, status);
      case "abandoned":
        return faultResponse("ENGINE_STOPPED", "nobody waits for this answer any more");
    }
  };
  return {
    start: async () => {
      warnOfMismatch(deployment, log);
      const starts = await Promise.allSettled(supervisors.map((supervisor) => supervisor.start()));
      const failed = starts.flatMap((start, index) =>
        start.status === "rejected" ? [{ reason: start.reason as unknown, index }] : [],
      );
      if (failed[0] !== undefined && options.onFailedStart === "throw") {
        await close();
        throw startFault(deployment, failed[0].reason);
      }
      for (const { reason, index } of failed) {
        log.error(`the script cannot be started, and is tried again: ${wordsOf(reason)}`, fields);
        supervisors[index]?.retry();
      }
    },
    ready: hopeful,
    score: async (request) => {
      if (!hopeful()) return notReady();
      const process = await pool.acquire(request.cancellation);
      if (process === undefined) {
        return request.cancellation.cancelled
          ? answerOf({ kind: "abandoned" }, request)
          : notReady();
      }
      const onFree = (): void => {
        if (!process.over()) pool.offer(process);
      };
      const { requestTimeoutMs } = deployment;
      const limits = { timeoutMs, requestTimeoutMs, onFree };
      return answerOf(await runRequest(process, request, limits), request);
    },
    describe: (query) => (hopeful() ? swaggerResponse(query, swagger) : notReady()),
    reload: () => {
      log.info("the script is loaded again", fields);
      for (const supervisor of supervisors) supervisor.restart(RELOADED);
    },
    close,
  };
}

function processSettings(options: PythonBackendOptions): Omit<ProcessOptions, "onSpawn"> {
  const { deployment, python, log } = options;
  const { script, environmentVariables } = deployment;
  if (script === undefined) throw new Error("a deployment without a script has no such backend");
  const seconds = positive(environmentVariables["WORKER_TIMEOUT"]) ?? INIT_TIMEOUT_S;
  return {
    python,
    env: scriptEnvironment(deployment, options),
    workingFolder: dirname(script.path),
    initTimeoutMs: seconds * 1000,
    log,
    fields: { deployment: deployment.name },
  };
}

function positive(text: string | undefined): number | undefined {
  const number = Number(text ?? Number.NaN);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function startFault({ name, script }: ResolvedDeployment, reason: unknown): Error {
  return userError(
    "SCRIPT_FAILED",
    `the script of deployment '${name}', ${script?.path}, cannot be started: ${wordsOf(reason)}`,
    { hint: "look at the traceback in the log above" },
  );
}

function warnOfMismatch(deployment: ResolvedDeployment, log: Log): void {
  const processes = scriptProcesses(deployment);
  const { maxConcurrentRequestsPerInstance: requests, environmentVariables, name } = deployment;
  if (environmentVariables["WORKER_COUNT"] === undefined || processes === requests) return;
  log.warn(
    `WORKER_COUNT is ${environmentVariables["WORKER_COUNT"]} and max_concurrent_requests_per_instance is ${requests}: an instance has ${processes} processes, and is given ${requests} requests at once`,
    { deployment: name },
  );
}
