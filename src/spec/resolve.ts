/** A checked spec and what its references mean → the resolved endpoint, every default filled. */

import { deviceOf } from "./capacity/device.ts";
import type { Device } from "./capacity/device.ts";
import type { DeploymentSpec, EdgeSpec, EndpointSpec } from "./endpoint.ts";
import { parseCpus, parseMemory } from "./capacity/quantity.ts";
import type { References } from "./references/deployment.ts";
import { PLATFORMS } from "./resolved.ts";
import type {
  ResolvedBatch,
  ResolvedDeployment,
  ResolvedEndpoint,
  ResolvedModule,
  Scale,
} from "./resolved.ts";
import { deploymentNamed } from "./rule.ts";
import { liveShare } from "./rules/traffic.ts";

/** @source azureml-contract 2.1 */
const REQUEST_DEFAULTS = {
  requestTimeoutMs: 5000,
  maxConcurrentRequestsPerInstance: 1,
  maxQueueWaitMs: 500,
} as const;

/** @source azureml-contract 5.2 */
const BATCH_DEFAULTS = {
  nodeCount: 1,
  miniBatchSize: 10,
  maxConcurrencyPerInstance: 1,
  outputAction: "append_row",
  outputFileName: "predictions.csv",
  maxRetries: 3,
  timeoutSeconds: 30,
  errorThreshold: -1,
  loggingLevel: "info",
} as const;

/** Of a batch endpoint's volume. */
const DATA_FOLDER = "/data";

export type ReferencesByDeployment = ReadonlyMap<string, References>;

export function resolveEndpoint(
  spec: EndpointSpec,
  references: ReferencesByDeployment,
): ResolvedEndpoint {
  const kind = spec.type ?? "online";
  return {
    format: 1,
    name: spec.name,
    kind,
    ...optional("description", spec.description),
    tags: { ...spec.tags },
    authMode: offline(spec.auth_mode),
    deployments: Object.entries(spec.deployments).map(([name, deployment]) =>
      resolveDeployment(spec, { name, deployment, references: references.get(name) ?? {} }),
    ),
    ...optional("mirror", resolveMirror(spec)),
    ...optional("defaultDeployment", kind === "batch" ? defaultDeployment(spec) : undefined),
    module: resolveModule(spec.name, withVolume(spec)),
  };
}

/** What `edge.device` says of the device. */
export function deviceOfSpec(spec: EndpointSpec): Device | undefined {
  return spec.edge?.device === undefined ? undefined : deviceOf(spec.edge.device);
}

type Part = {
  readonly name: string;
  readonly deployment: DeploymentSpec;
  readonly references: References;
};

function resolveDeployment(spec: EndpointSpec, part: Part): ResolvedDeployment {
  const { name, deployment, references } = part;
  const request = deployment.request_settings ?? {};
  const batch = spec.type === "batch" ? resolveBatch(deployment) : undefined;
  const scale = resolveScale(deployment, batch);
  return {
    name,
    ...optional("description", deployment.description),
    traffic: liveShare(spec, name),
    ...scale,
    ...limitsOf(part),
    requestTimeoutMs: request.request_timeout_ms ?? REQUEST_DEFAULTS.requestTimeoutMs,
    maxConcurrentRequestsPerInstance:
      request.max_concurrent_requests_per_instance ??
      REQUEST_DEFAULTS.maxConcurrentRequestsPerInstance,
    maxQueueWaitMs: request.max_queue_wait_ms ?? REQUEST_DEFAULTS.maxQueueWaitMs,
    ...optional("model", references.model),
    ...optional("script", references.script),
    ...optional("environment", references.environment),
    environmentVariables: { ...deployment.environment_variables },
    ...optional("batch", batch),
  };
}

/** A device does not grow: an automatic scale starts, and stays, at its smallest count. */
function resolveScale(
  deployment: DeploymentSpec,
  batch: ResolvedBatch | undefined,
): { readonly instances: number; readonly scale: Scale } {
  const settings = deployment.scale_settings ?? {};
  const minInstances = settings.min_instances ?? 1;
  const automatic = settings.type === "target_utilization";
  const instances = batch?.nodeCount ?? deployment.instance_count ?? minInstances;
  const maxInstances = Math.max(settings.max_instances ?? instances, instances);
  return {
    instances,
    scale: { type: automatic ? "automatic" : "manual", minInstances, maxInstances },
  };
}

/** Numbers of the spec go before those of an instance type, each for itself. */
function limitsOf({
  deployment,
  references: { sku },
}: Part): Pick<ResolvedDeployment, "cpus" | "memoryBytes" | "limitsFrom" | "instanceType"> {
  const { requests, limits } = deployment.resources ?? {};
  const cpu = limits?.cpu ?? requests?.cpu;
  const memory = limits?.memory ?? requests?.memory;
  const cpus = cpu === undefined ? sku?.cpus : parseCpus(cpu);
  const memoryBytes = memory === undefined ? sku?.memoryBytes : parseMemory(memory);
  const written = memory !== undefined || (cpu !== undefined && sku === undefined);
  const fromSku = sku === undefined ? "none" : "sku";
  return {
    cpus: cpus ?? null,
    memoryBytes: memoryBytes ?? null,
    limitsFrom: written ? "resources" : fromSku,
    ...optional("instanceType", sku?.name),
  };
}

function resolveBatch(deployment: DeploymentSpec): ResolvedBatch {
  const settings = deployment.settings ?? {};
  return {
    nodeCount: deployment.resources?.instance_count ?? BATCH_DEFAULTS.nodeCount,
    miniBatchSize: settings.mini_batch_size ?? BATCH_DEFAULTS.miniBatchSize,
    maxConcurrencyPerInstance:
      settings.max_concurrency_per_instance ?? BATCH_DEFAULTS.maxConcurrencyPerInstance,
    outputAction: settings.output_action ?? BATCH_DEFAULTS.outputAction,
    outputFileName: settings.output_file_name ?? BATCH_DEFAULTS.outputFileName,
    maxRetries: settings.retry_settings?.max_retries ?? BATCH_DEFAULTS.maxRetries,
    timeoutSeconds: settings.retry_settings?.timeout ?? BATCH_DEFAULTS.timeoutSeconds,
    errorThreshold: settings.error_threshold ?? BATCH_DEFAULTS.errorThreshold,
    loggingLevel: settings.logging_level ?? BATCH_DEFAULTS.loggingLevel,
    ...optional("compute", deployment.compute),
  };
}

function resolveMirror(spec: EndpointSpec): ResolvedEndpoint["mirror"] {
  const [asked, percent = 0] = Object.entries(spec.mirror_traffic ?? {})[0] ?? [];
  const deployment = asked === undefined ? undefined : deploymentNamed(spec, asked);
  return deployment === undefined || percent === 0 ? undefined : { deployment, percent };
}

/** The only deployment of a batch endpoint needs no naming. */
function defaultDeployment(spec: EndpointSpec): string | undefined {
  const asked = spec.defaults?.deployment_name;
  if (asked !== undefined) return deploymentNamed(spec, asked);
  const names = Object.keys(spec.deployments);
  return names.length === 1 ? names[0] : undefined;
}

/** Nobody on a device can ask Entra ID: a key stands for it. */
function offline(mode: EndpointSpec["auth_mode"]): ResolvedEndpoint["authMode"] {
  return mode === undefined || mode === "aad_token" ? "key" : mode;
}

/** Jobs read and write files: the module of a batch endpoint has a volume, whatever the spec says. */
function withVolume({ type, name, edge = {} }: EndpointSpec): EdgeSpec {
  if (type !== "batch" || edge.volume !== undefined) return edge;
  const module = edge.module ?? name.toLowerCase();
  return { ...edge, volume: { name: `${module}-data`, path: DATA_FOLDER } };
}

function resolveModule(endpoint: string, edge: EdgeSpec): ResolvedModule {
  return {
    name: edge.module ?? endpoint.toLowerCase(),
    cpus: null,
    memoryBytes: null,
    platforms: [...new Set(edge.platforms ?? PLATFORMS)],
    ports: { ...edge.ports },
    env: { ...edge.env },
    restartPolicy: edge.restart_policy ?? "always",
    ...optional("startupOrder", edge.startup_order),
    imagePullPolicy: edge.image_pull_policy ?? "on-create",
    ...optional("cpuPeriodMs", edge.cpu_period_ms),
    ...optional("volume", edge.volume),
    ...optional("registry", resolveRegistry(edge.registry)),
    ...optional("base", edge.base),
    routes: { ...edge.routes },
    inputs: edge.inputs ?? ["amlInput"],
    outputs: edge.outputs ?? ["amlOutput", "amlError"],
    ...optional("outbox", resolveOutbox(edge.outbox)),
    ...optional("placement", edge.placement),
    ...optional("status", edge.status),
  };
}

function resolveRegistry(registry: EdgeSpec["registry"]): ResolvedModule["registry"] {
  if (registry === undefined) return undefined;
  const { address, username_env: usernameEnv, password_env: passwordEnv } = registry;
  return { address, usernameEnv, passwordEnv };
}

function resolveOutbox(outbox: EdgeSpec["outbox"]): ResolvedModule["outbox"] {
  if (outbox === undefined) return undefined;
  const maxBytes = outbox.max_bytes === undefined ? undefined : parseMemory(outbox.max_bytes);
  return {
    ...optional("maxBytes", maxBytes),
    ...optional("maxAgeSeconds", outbox.max_age_seconds),
  };
}

/** A property that is there only where it has a value. */
function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}
