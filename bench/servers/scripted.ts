/** Our own server with a scoring script in front of a model. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { BenchModel } from "../models/bench-model.ts";
import type { Workplace } from "../workplace.ts";
import { BIN } from "./edgewright.ts";
import { readyLine } from "./server.ts";

export type Script = { readonly name: string; readonly source: string; readonly workers: number };

export type ScriptedServer = {
  readonly name: string;
  readonly pid: number;
  /** Where it scores. */
  readonly url: string;
  readonly stop: () => Promise<void>;
};

export const ECHO: Script = {
  name: "echo",
  workers: 1,
  source: `from azureml_inference_server_http.api.aml_request import rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    return AMLResponse(request.get_data(), 200, {"Content-Type": "application/json"})
`,
};

/** Ten milliseconds of the interpreter's own CPU time, whatever else the machine does. */
export function burn(workers: number): Script {
  return {
    name: `burn-${workers}`,
    workers,
    source: `import time

def init():
    pass

def run(data):
    end = time.thread_time() + 0.01
    while time.thread_time() < end:
        pass
    return "done"
`,
  };
}

export async function startScripted(
  { folder, processes }: Workplace,
  model: BenchModel,
  { name, source, workers }: Script,
): Promise<ScriptedServer> {
  const code = join(folder, name);
  mkdirSync(code, { recursive: true });
  writeFileSync(join(code, "score.py"), source);
  const spec = join(folder, `${name}.yml`);
  writeFileSync(
    spec,
    `name: bench
auth_mode: none
traffic: { blue: 100 }
deployments:
  blue:
    model: { path: ${JSON.stringify(model.path)} }
    code_configuration: { code: ${JSON.stringify(code)}, scoring_script: score.py }
    request_settings:
      request_timeout_ms: 60000
      max_concurrent_requests_per_instance: ${workers}
      max_queue_wait_ms: 60000
`,
  );
  // No line for each request: gunicorn writes none either.
  const args = [BIN, "run", spec, "--port", "0", "--json", "--log-level", "warn"];
  const child = processes.start(process.execPath, args);
  const { url, pid } = await readyLine<{ url: string; pid: number }>(child);
  return { name, pid, url: `${url}/score`, stop: () => processes.end(child) };
}
