/** Which environment variables and folders does a deployment's script see? Its own, and no other's. */

import { basename, dirname } from "node:path";

import type { ResolvedDeployment } from "../../spec/resolved.ts";
import { scriptProcesses } from "../../spec/resolved.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The runtime's own settings, and the module's identity: a second client with the same identity
 * would cut the first one's connection to the hub.
 */
const WITHHELD = /^(EDGEWRIGHT_|NODE_|npm_|IOTEDGE_|EdgeHubConnectionString$|PYTHONHOME$)/;

/** What BLAS libraries take as their number of threads. */
const THREAD_VARIABLES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];

/**
 * Bodies of a megabyte come and go: by default glibc gives such memory back to the kernel each time,
 * and to take it again costs two thirds of a request's time. What is larger goes back as ever.
 *
 * @source mallopt(3): M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "33554432", MALLOC_TRIM_THRESHOLD_: "67108864" };

export type EnvironmentOptions = {
  readonly env: Environment;
  /** Path of the native library, for scripts that import it. */
  readonly onnxruntime: string;
  /** Folder that Python may keep bytecode in; none is kept where absent. */
  readonly bytecode?: string | undefined;
};

export function scriptEnvironment(
  deployment: ResolvedDeployment,
  { env, onnxruntime, bytecode }: EnvironmentOptions,
): Record<string, string> {
  const { script, model, cpus, environmentVariables } = deployment;
  if (script === undefined) throw new Error("a deployment without a script has no such process");
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !WITHHELD.test(entry[0]),
  );
  const threads = String(Math.max(1, Math.floor((cpus ?? 1) / scriptProcesses(deployment))));
  return {
    ...ALLOCATOR,
    ...Object.fromEntries(THREAD_VARIABLES.map((name) => [name, threads])),
    ...(bytecode !== undefined && { PYTHONPYCACHEPREFIX: bytecode }),
    ...Object.fromEntries(passed),
    // @source azureml-contract 4.10, 6.1
    AML_APP_ROOT: dirname(script.path),
    AZUREML_ENTRY_SCRIPT: basename(script.path),
    ...(model !== undefined && { AZUREML_MODEL_DIR: model.directory ?? dirname(model.path) }),
    ...environmentVariables,
    ORT_DISABLE_TELEMETRY: "1",
    EDGEWRIGHT_CODE_FOLDER: script.directory,
    EDGEWRIGHT_ONNXRUNTIME: onnxruntime,
    EDGEWRIGHT_THREADS: threads,
  };
}
