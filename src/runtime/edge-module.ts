/**
 * Where the runtime becomes an edge module: the edge front is loaded after HTTP is ready, with the
 * hands it needs. Whatever goes wrong with it, HTTP goes on.
 */

import { randomInt, randomUUID } from "node:crypto";

import type { Clock, Log } from "../core/ports.ts";
import type { Signature, TensorSpec } from "../core/tensors/signature.ts";
import type { ResolvedEndpoint } from "../spec/resolved.ts";
import type { AuthOptions } from "./auth/guard.ts";
import type { EdgeFront, EdgeFrontOptions } from "./edge/front.ts";
import type { RuntimeControls } from "./edge/twin/controls.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { Router } from "./routing/router.ts";
import type { Serving } from "./deployments/serving.ts";
import { runtimeVersion } from "./version.ts";

export type EdgeModuleOptions = {
  readonly endpoint: ResolvedEndpoint;
  /** Where results wait for the hub; absent: there is no volume. */
  readonly folder?: string;
  readonly router: Router;
  readonly servings: readonly Serving[];
  readonly auth: AuthOptions;
  readonly setKeys: (keys: AuthOptions["keys"]) => void;
  readonly setLogLevel?: RuntimeControls["setLogLevel"];
  /** Methods of a batch endpoint, by name: payload in, status and JSON out. */
  readonly jobMethods?: EdgeFrontOptions["jobMethods"] | undefined;
  readonly limits: Limits;
  readonly ready: () => boolean;
  readonly stats: () => object;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
};

export type EdgeModule = { readonly stop: () => Promise<void> };

export function startEdgeModule(options: EdgeModuleOptions): EdgeModule {
  const { log } = options;
  const front = load(options).catch((error: unknown) => {
    log.error(`the edge front cannot be started: ${(error as Error).stack ?? String(error)}`);
    return undefined;
  });
  return { stop: async () => (await front)?.stop() };
}

async function load(options: EdgeModuleOptions): Promise<EdgeFront> {
  const { endpoint, router, servings, metrics, folder, jobMethods = {} } = options;
  const { startEdgeFront } = await import("./edge/front.ts");
  const { module, mirror } = endpoint;
  const messages = metrics.counter(
    "edgewright_messages_total",
    "Scored edge messages, each item of a batch, by deployment and status code.",
  );
  const spec = Object.fromEntries(endpoint.deployments.map(({ name, traffic }) => [name, traffic]));
  const front = startEdgeFront({
    ...options,
    jobMethods,
    scorer: router,
    window: () => servings.reduce((sum, { admission }) => sum + admission.slots(), 0),
    deployments: endpoint.deployments.map(({ name }) => name),
    traffic: spec,
    resultOutput: module.outputs[0] ?? "amlOutput",
    errorOutput: "amlError",
    ...(folder !== undefined && { folder }),
    outboxLimits: module.outbox ?? {},
    controls: {
      setKeys: (keys) => options.setKeys(keys ?? options.auth.keys),
      setLogLevel: options.setLogLevel ?? (() => undefined),
      setEnabled: (name, enabled) =>
        servings.find((serving) => serving.name === name)?.door.setEnabled(enabled),
      setTraffic: router.setTraffic,
      setMirror: (patch) => router.setMirror(patch ?? mirror),
      setRequestSettings: (patch) => {
        for (const serving of servings) serving.setRequestSettings(patch);
      },
    },
    identity: identityOf(options),
    state: () => ({
      state: options.ready() ? "ready" : "starting",
      traffic: {
        ...Object.fromEntries(Object.keys(spec).map((name) => [name, 0])),
        ...router.traffic(),
      },
    }),
    observe: (deployment, status) => messages({ deployment, code: String(status) }).add(),
    createId: randomUUID,
    random: () => randomInt(1000) / 1000,
  });
  watchEdge(metrics, front);
  return front;
}

function watchEdge(metrics: Metrics, front: EdgeFront): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(name, help, () => [{ labels: {}, value: read() }]);
  gauge("edgewright_edge_connected", "1 while the hub is connected.", () =>
    front.connected() ? 1 : 0,
  );
  gauge(
    "edgewright_outbox_results",
    "Results that the hub has not taken.",
    () => front.outbox().depth,
  );
  gauge("edgewright_outbox_bytes", "Their size.", () => front.outbox().bytes);
  gauge(
    "edgewright_outbox_oldest_age_seconds",
    "Age of the oldest of them.",
    () => front.outbox().oldestAgeSeconds,
  );
  metrics.counterOf(
    "edgewright_outbox_dropped_total",
    "Results that went because of size or age.",
    () => [{ labels: {}, value: front.outbox().dropped }],
  );
  gauge("edgewright_outbox_durable", "1 while results are on the disk.", () =>
    front.outbox().durable ? 1 : 0,
  );
}

/** A twin is small and its keys are narrow: signatures go in as text. */
function identityOf({ endpoint, limits }: EdgeModuleOptions): object {
  const { deployments, name } = endpoint;
  return {
    endpoint: name,
    versions: { edgewright: runtimeVersion(), node: process.versions.node },
    limits: { cpus: limits.cpus, memoryBytes: limits.memoryBytes },
    models: Object.fromEntries(
      deployments.map(({ name: deployment, model }) => [
        deployment,
        {
          name: model?.name ?? "",
          version: model?.version ?? "",
          ...(model?.signature && { signature: signatureText(model.signature) }),
        },
      ]),
    ),
  };
}

const MAX_SIGNATURE_CHARACTERS = 1000;

function tensorList(specs: readonly TensorSpec[]): string {
  return specs
    .map(({ name, type, shape }) => `${name} ${type}[${(shape ?? ["?"]).join(",")}]`)
    .join(", ");
}

function signatureText({ inputs, outputs }: Signature): string {
  return `${tensorList(inputs)} -> ${tensorList(outputs)}`.slice(0, MAX_SIGNATURE_CHARACTERS);
}
