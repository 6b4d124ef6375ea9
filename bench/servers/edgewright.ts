/** Our own server, as its users start it: `edgewright run` on a spec. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { binaryBody, jsonBody } from "../load/body.ts";
import type { BenchModel } from "../models/bench-model.ts";
import type { Workplace } from "../workplace.ts";
import { readyLine } from "./server.ts";
import type { Server } from "./server.ts";

export const BIN = fileURLToPath(new URL("../../../bin/edgewright.js", import.meta.url));

const ENDPOINT = "bench";

/** Waits that no load of the bench reaches: what is measured is work, not refusals. */
export function writeSpec(folder: string, model: BenchModel, instances = 1): string {
  const file = join(folder, `${model.name}-${instances}.yml`);
  const spec = `name: ${ENDPOINT}
auth_mode: none
traffic: { blue: 100 }
deployments:
  blue:
    model: { path: ${JSON.stringify(model.path)} }
    instance_count: ${instances}
    request_settings:
      request_timeout_ms: 60000
      max_concurrent_requests_per_instance: 64
      max_queue_wait_ms: 60000
`;
  writeFileSync(file, spec);
  return file;
}

/** The id that `run` prints is the runtime's own, without the command line around it. */
export async function startEdgewright(
  { folder, processes }: Workplace,
  model: BenchModel,
  instances = 1,
): Promise<Server & { readonly url: string }> {
  const spec = writeSpec(folder, model, instances);
  const child = processes.start(process.execPath, [BIN, "run", spec, "--port", "0", "--json"]);
  const { url, pid } = await readyLine<{ url: string; pid: number }>(child);
  return {
    name: "edgewright",
    url,
    pid,
    request: (benchCase) =>
      benchCase.encoding === "json"
        ? { url: `${url}/score`, body: jsonBody(benchCase.model) }
        : { url: `${url}/v2/models/${ENDPOINT}/infer`, body: binaryBody(benchCase.model) },
    stop: () => processes.end(child),
  };
}
