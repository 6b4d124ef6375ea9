/** What stands behind a deployment with a Python script? */

import { dirname } from "node:path";

import type { Log } from "../../core/ports.ts";
import { userError } from "../../core/problem.ts";
import type { Backend, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import { MAX_TIMER_MS } from "../../core/limits/timer.ts";
import { scriptProcesses } from "../../spec/resolved.ts";
import type { ResolvedDeployment } from "../../spec/resolved.ts";
import { faultResponse } from "../wire/fault.ts";
import { RUN_FAILED, runFault, scriptAnswer } from "./exchange/answer.ts";
import type { StatusRule } from "./exchange/answer.ts";
import { createCrew, wordsOf } from "./processes/crew.ts";
import type { Crew } from "./processes/crew.ts";
import { scriptEnvironment } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { requestLineWriter } from "./exchange/request-line.ts";
import { runRequest } from "./exchange/run-request.ts";
import type { Outcome } from "./exchange/run-request.ts";
import type { ProcessSettings } from "./processes/script-process.ts";
import { swaggerResponse } from "./swagger.ts";

export type PythonBackendOptions = {
  readonly deployment: ResolvedDeployment;
  readonly python: string;
  /** Of the runtime's own process; a script sees what of it concerns a script. */
  readonly env: Environment;
  /** Path of ONNX Runtime's library. */
  readonly onnxruntime: string;
  /** Folder that Python may keep bytecode in. */
  readonly bytecode: string | undefined;
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

export function createPythonBackend(options: PythonBackendOptions): PythonBackend {
  const { deployment, log } = options;
  const crew = createCrew({
    size: deployment.instances * scriptProcesses(deployment),
    process: processSettings(options),
    memoryBytes: deployment.memoryBytes ?? options.memoryBytes,
    log,
    fields: { deployment: deployment.name },
  });
  const writeRequestLine = requestLineWriter(log, { deployment: deployment.name });
  const notReady = (): ScoringResponse =>
    faultResponse("ENGINE_NOT_READY", `deployment '${deployment.name}' is not ready`);
  return {
    start: () => start(crew, options),
    ready: crew.hopeful,
    score: async (request) => {
      const process = crew.hopeful() ? await crew.acquire(request.cancellation) : undefined;
      if (process === undefined) return request.cancellation.cancelled ? ABANDONED : notReady();
      const outcome = await runRequest(process, request, {
        timeoutMs: scoringTimeoutMs(deployment),
        requestTimeoutMs: deployment.requestTimeoutMs,
        onReply: (reply) => writeRequestLine(process.pid() ?? 0, request, reply),
        onFree: () => crew.release(process),
      });
      return answerOf(outcome, request, options);
    },
    describe: (query) => (crew.hopeful() ? swaggerResponse(query, crew.swagger()) : notReady()),
    reload: crew.restart,
    close: crew.close,
  };
}

const ABANDONED = faultResponse("ENGINE_STOPPED", "nobody waits for this answer any more");

async function start(
  crew: Crew,
  { deployment, onFailedStart, log }: PythonBackendOptions,
): Promise<void> {
  warnOfMismatch(deployment, log);
  const failures = await crew.start();
  const [first] = failures;
  if (failures.length === 0) return;
  if (onFailedStart === "throw") {
    await crew.close();
    throw userError(
      "SCRIPT_FAILED",
      `the script of deployment '${deployment.name}', ${deployment.script?.path}, cannot be started: ${wordsOf(first)}`,
      { hint: "Look at the traceback in the log above." },
    );
  }
  log.error(`the script cannot be started, and is tried again: ${wordsOf(first)}`, {
    deployment: deployment.name,
  });
  crew.retry();
}

function answerOf(
  outcome: Outcome,
  { requestId }: ScoringRequest,
  { deployment, status, log }: PythonBackendOptions,
): ScoringResponse {
  switch (outcome.kind) {
    case "reply":
      return scriptAnswer(outcome.reply, status);
    case "timeout":
      return runFault(`Scoring timeout after ${scoringTimeoutMs(deployment)} ms`, status);
    case "ended": {
      const fields = { deployment: deployment.name, requestId };
      log.error(`the script's process ended while it ran: ${outcome.reason}`, fields);
      return runFault(RUN_FAILED, status);
    }
    case "abandoned":
      return ABANDONED;
  }
}

function processSettings(options: PythonBackendOptions): ProcessSettings {
  const { deployment, python, log } = options;
  const { script, environmentVariables } = deployment;
  if (script === undefined) throw new Error("a deployment without a script has no such backend");
  const seconds = positive(environmentVariables["WORKER_TIMEOUT"]) ?? INIT_TIMEOUT_S;
  return {
    python,
    env: scriptEnvironment(deployment, options),
    workingFolder: dirname(script.path),
    initTimeoutMs: Math.min(seconds * 1000, MAX_TIMER_MS),
    log,
    fields: { deployment: deployment.name },
  };
}

function scoringTimeoutMs({ environmentVariables }: ResolvedDeployment): number | undefined {
  const asked = positive(environmentVariables["SCORING_TIMEOUT_MS"]);
  return asked === undefined ? undefined : Math.min(asked, MAX_TIMER_MS);
}

function positive(text: string | undefined): number | undefined {
  const number = Number(text ?? Number.NaN);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

function warnOfMismatch(deployment: ResolvedDeployment, log: Log): void {
  const processes = scriptProcesses(deployment);
  const { maxConcurrentRequestsPerInstance: requests, environmentVariables, name } = deployment;
  const count = environmentVariables["WORKER_COUNT"];
  if (count === undefined || processes === requests) return;
  log.warn(
    `WORKER_COUNT is ${count} and max_concurrent_requests_per_instance is ${requests}: an instance has ${processes} processes, and is given ${requests} requests at once`,
    { deployment: name },
  );
}
