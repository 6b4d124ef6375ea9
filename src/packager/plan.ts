/** What will the image be? Decided from the resolved endpoint alone, before any byte is read. */

import { posix } from "node:path";
import { NODE_FLAGS } from "../core/node-flags.ts";
import { userError } from "../core/problem.ts";
import type { ShippedModel } from "../model/prepare/shipped.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../spec/resolved.ts";
import { USER } from "./base/rootfs.ts";
import type { ImageConfig } from "./image/image.ts";
import type { PlacedModel } from "./layers/model.ts";
import { ENDPOINT_FILE, HOME_FOLDER, MODELS_FOLDER } from "./layers/places.ts";
import { RUNTIME_ENTRIES } from "./layers/runtime.ts";

/** Of the scoring front. */
const HTTP_PORT = 5001;
/** Where IoT Edge's metrics collector looks. @source MicrosoftDocs: articles/iot-edge/how-to-add-custom-metrics.md */
const METRICS_PORT = 9600;

export type Plan = {
  /** Each model once, in the order of the deployments. */
  readonly models: readonly PlacedModel[];
  /** With the image's paths. */
  readonly endpoint: ResolvedEndpoint;
};

/** @param shipped path of a model's file → what goes into the image in its place */
export function planImage(
  endpoint: ResolvedEndpoint,
  shipped: ReadonlyMap<string, ShippedModel> = new Map(),
): Plan {
  const models = new Map<string, PlacedModel>();
  const deployments = endpoint.deployments.map((deployment) => {
    const placed = placeModel(deployment, shipped);
    if (placed === undefined) return withoutBuildPaths(deployment);
    const key = `${placed.name}:${placed.version}`.toLowerCase();
    const other = models.get(key);
    if (other !== undefined && other.source !== placed.source) throw twoModels(placed, other);
    models.set(key, other ?? placed);
    const { model, ...rest } = withoutBuildPaths(deployment);
    // Relative to the endpoint file, so that an unpacked image serves from any folder.
    const path = posix.relative(posix.dirname(ENDPOINT_FILE), (other ?? placed).target);
    if (model === undefined) return rest;
    // What was measured differs from run to run: it travels in the manifest.
    const { needBytes: _, ...fixed } = model;
    return { ...rest, model: { ...fixed, path } };
  });
  return { models: [...models.values()], endpoint: { ...endpoint, deployments } };
}

function placeModel(
  { name: deployment, model, script }: ResolvedDeployment,
  shipped: ReadonlyMap<string, ShippedModel>,
): PlacedModel | undefined {
  if (script !== undefined) {
    throw userError(
      "CLI_UNSUPPORTED",
      `Deployment "${deployment}" has a scoring script; images serve models without one so far.`,
      { hint: "Leave code_configuration out to have the model served directly." },
    );
  }
  if (model === undefined) return undefined;
  const { name, version, path } = model;
  const file = path.split(/[/\\]/u).findLast((part) => part !== "") ?? name;
  const target = `${MODELS_FOLDER}/${name}/${version}/${file}`;
  const files = shipped.get(path);
  return { name, version, source: path, target, ...(files && { shipped: files }) };
}

/** Where the build machine keeps its files is nobody's business on the device. */
function withoutBuildPaths({ environment, ...rest }: ResolvedDeployment): ResolvedDeployment {
  if (environment === undefined) return rest;
  const { condaFile: _, ...named } = environment;
  return { ...rest, environment: named };
}

function twoModels(one: PlacedModel, other: PlacedModel): Error {
  return userError(
    "SPEC_CONFLICT",
    `${one.name}:${one.version} is ${other.source} in one deployment and ${one.source} in another.`,
    { hint: "Give each model a name or a version of its own." },
  );
}

export type ConfigFacts = {
  readonly edgewright: string;
  readonly onnxruntime: string;
  /** `Debian bookworm, Node 24.1.0` */
  readonly base: string;
  /** Where the base has Node. */
  readonly node: string;
  /** RFC 3339. */
  readonly created: string;
  /** Name:version of a model → SHA-256. */
  readonly modelSha256: ReadonlyMap<string, string>;
};

export function imageConfig(endpoint: ResolvedEndpoint, facts: ConfigFacts): ImageConfig {
  const home = `/${HOME_FOLDER}`;
  return {
    user: `${USER.uid}:${USER.gid}`,
    entrypoint: [facts.node, ...NODE_FLAGS, `${home}/src/${RUNTIME_ENTRIES[0]}`],
    workingDir: home,
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      EDGEWRIGHT_ENDPOINT: `/${ENDPOINT_FILE}`,
      EDGEWRIGHT_HOST: "0.0.0.0",
      EDGEWRIGHT_PORT: String(HTTP_PORT),
      EDGEWRIGHT_METRICS_PORT: String(METRICS_PORT),
      NODE_ENV: "production",
      ORT_DISABLE_TELEMETRY: "1",
      SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
    },
    ports: [HTTP_PORT, METRICS_PORT],
    labels: labels(endpoint, facts),
    stopSignal: "SIGTERM",
  };
}

function labels(endpoint: ResolvedEndpoint, facts: ConfigFacts): Record<string, string> {
  const all: Record<string, string> = {
    "org.opencontainers.image.title": endpoint.name,
    "org.opencontainers.image.created": facts.created,
    "io.edgewright.version": facts.edgewright,
    "io.edgewright.onnxruntime": facts.onnxruntime,
    "io.edgewright.base": facts.base,
    "io.edgewright.endpoint": endpoint.name,
  };
  if (endpoint.description !== undefined)
    all["org.opencontainers.image.description"] = endpoint.description;
  for (const { name, model } of endpoint.deployments) {
    if (model === undefined) continue;
    const id = `${model.name}:${model.version}`;
    const prefix = `io.edgewright.deployment.${name}`;
    all[`${prefix}.model`] = id;
    const sha256 = facts.modelSha256.get(id);
    if (sha256 !== undefined) all[`${prefix}.model.sha256`] = sha256;
    if (model.signature !== undefined)
      all[`${prefix}.model.signature`] = JSON.stringify(model.signature);
  }
  return all;
}
