/**
 * The story of the runtime: settings → log → resolved endpoint → engines → router → front → ready.
 * Whoever starts it (an image's entrypoint, `edgewright run`, a test) hands in the endpoint.
 */

import { randomUUID } from "node:crypto";

import type { Clock, Log } from "../core/ports.ts";
import { userError } from "../core/problem.ts";
import { disableTelemetry } from "../model/onnxruntime.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../spec/resolved.ts";
import { createDeployment } from "./engine/deployment.ts";
import type { Deployment } from "./engine/deployment.ts";
import { createHttpFront } from "./fronts/http.ts";
import { readLimits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { createRouter } from "./routing/router.ts";
import { faultResponse } from "./wire/fault.ts";

export type ServeOptions = {
  readonly endpoint: ResolvedEndpoint;
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly clock: Clock;
};

export type Running = {
  /** e.g. `http://127.0.0.1:5001` */
  readonly url: string;
  /** Stops accepting, answers what has arrived, frees the engines. */
  readonly stop: () => Promise<void>;
};

/** What is left for a request once the end is asked for; edgeAgent kills after 10 s. */
const GRACE_MS = 8_000;
const MAX_BODY_BYTES = 100 * 1024 * 1024;

/**
 * Starts serving and resolves when every deployment is ready.
 *
 * @throws UserError where the address is taken or a model cannot be served
 */
export async function serve({ endpoint, host, port, log, clock }: ServeOptions): Promise<Running> {
  disableTelemetry();
  await reportLimits(endpoint, log);

  const deployments = endpoint.deployments.map((deployment) => engineFor(deployment, log));
  const router = createRouter(
    endpoint.deployments.map(({ name, traffic }, index) => {
      return { name, weight: traffic, scorer: deployments[index] as Deployment };
    }),
    (message) => faultResponse("ROUTE_DEPLOYMENT", message),
  );
  const metrics = createMetrics();
  let started = false;
  const ready = (): boolean => started && deployments.every((deployment) => deployment.ready());
  metrics.gauge("edgewright_ready", "1 when every deployment can score.", () => [
    { labels: {}, value: ready() ? 1 : 0 },
  ]);
  metrics.gauge("edgewright_queue_length", "Requests that wait for an instance.", () =>
    endpoint.deployments.map(({ name }, index) => ({
      labels: { deployment: name },
      value: deployments[index]?.queueLength() ?? 0,
    })),
  );
  const front = createHttpFront({
    scorer: router,
    ready,
    metrics,
    log,
    clock,
    createId: randomUUID,
    host,
    port,
    maxBodyBytes: MAX_BODY_BYTES,
  });
  const stop = async (): Promise<void> => {
    log.info("stopping");
    await front.stop(GRACE_MS);
    await router.close();
    log.info("stopped");
  };

  // Listening first: `/health/live` answers while models load, and a taken port is known at once.
  const url = await front.start();
  try {
    for (const deployment of deployments) await deployment.start();
  } catch (error) {
    await stop();
    throw error;
  }
  started = true;
  log.info("ready", { endpoint: endpoint.name, deployments: deployments.length, url });
  return { url, stop };
}

function engineFor(deployment: ResolvedDeployment, log: Log): Deployment {
  const { name, model, instances, cpus } = deployment;
  if (deployment.script !== undefined || model?.signature === undefined) {
    throw userError(
      "CLI_UNSUPPORTED",
      `deployment '${name}' has a scoring script, and scripts are not served yet`,
      {
        hint: "take the script out: a model without one is served directly",
      },
    );
  }
  const { path, version, signature } = model;
  const threads = Math.max(1, Math.floor(cpus ?? 1));
  return createDeployment({
    name,
    instances,
    model: { name: model.name, version, path, signature, threads },
    log,
  });
}

/** The device decides what holds: a kernel without a controller ignores a limit silently. */
async function reportLimits({ module }: ResolvedEndpoint, log: Log): Promise<void> {
  const { cpus, memoryBytes } = await readLimits();
  log.info("limits in force", { cpus, memoryBytes });
  if (module.cpus !== null && cpus > module.cpus) {
    log.warn(`the spec's limit of ${module.cpus} CPUs is not in force here: ${cpus} can be used`);
  }
  if (module.memoryBytes !== null && memoryBytes > module.memoryBytes) {
    log.warn(
      `the spec's limit of ${module.memoryBytes} bytes of memory is not in force here: ${memoryBytes} can be used`,
    );
  }
}
