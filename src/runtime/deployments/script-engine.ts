/** What does a deployment with a scoring script need of its surroundings, and which engine does it get? */

import type { Log } from "../../core/ports.ts";
import { libraryPath } from "../../model/onnxruntime.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../spec/resolved.ts";
import type { Limits } from "../limits.ts";
import { createPythonBackend } from "../scripts/backend.ts";
import type { PythonBackend } from "../scripts/backend.ts";

/** Plain data: it may come from another process. */
export type ScriptHost = {
  /** Interpreters by deployment; Debian's where one has none. */
  readonly python: Readonly<Record<string, string>>;
  /** Of this process; a script sees what of it concerns a script. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that Python may keep bytecode in; none is kept where absent. */
  readonly bytecode?: string;
  /** What a failed first start means: the end, or another try while other deployments serve. */
  readonly onFailedStart: "throw" | "retry";
};

/** Where an image has it. */
const DEBIANS_PYTHON = "/usr/bin/python3";

/** Of a process without a limit of its own, so that the runtime itself has room. */
const MEMORY_SHARE = 0.8;

const NO_HOST: ScriptHost = { python: {}, env: {}, onFailedStart: "throw" };

export type ScriptEngineOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly host: ScriptHost | undefined;
  readonly limits: Limits;
  readonly log: Log;
};

export function createScriptEngine(
  deployment: ResolvedDeployment,
  { endpoint, host = NO_HOST, limits, log }: ScriptEngineOptions,
): PythonBackend {
  const { python, env, bytecode, onFailedStart } = host;
  return createPythonBackend({
    deployment,
    python: python[deployment.name] ?? DEBIANS_PYTHON,
    env,
    bytecode,
    onnxruntime: libraryPath(),
    memoryBytes: Math.floor(limits.memoryBytes * MEMORY_SHARE),
    status: endpoint.module.status ?? "azure",
    onFailedStart,
    log,
  });
}
