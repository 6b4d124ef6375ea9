/** What will the image be? Decided from the resolved endpoint alone, before any byte is read. */

import { posix } from "node:path";
import { NODE_FLAGS } from "../core/node-flags.ts";
import { UserError, userError } from "../core/problem.ts";
import type { ShippedModel } from "../model/prepare/shipped.ts";
import type {
  ResolvedDeployment,
  ResolvedEndpoint,
  ResolvedModel,
  ResolvedScript,
} from "../spec/resolved.ts";
import { debianPackages } from "./base/python/python-packages.ts";
import { USER } from "./base/debian/rootfs.ts";
import type { ImageConfig } from "./image/image.ts";
import type { PlacedCode } from "./layers/code.ts";
import type { PlacedModel } from "./layers/model.ts";
import { CODE_FOLDER, ENDPOINT_FILE, HOME_FOLDER, MODELS_FOLDER } from "./layers/places.ts";
import { RUNTIME_ENTRIES } from "./layers/runtime.ts";

/** Of the scoring front. */
const HTTP_PORT = 5001;
/** Where IoT Edge's metrics collector looks. @source MicrosoftDocs: articles/iot-edge/how-to-add-custom-metrics.md */
const METRICS_PORT = 9600;

export type Plan = {
  /** Each model once, in the order of the deployments. */
  readonly models: readonly PlacedModel[];
  /** Of each deployment with a script. */
  readonly code: readonly PlacedCode[];
  /** Debian packages that scripts need; none where there is no script. */
  readonly python: readonly string[];
  /** With the image's paths. */
  readonly endpoint: ResolvedEndpoint;
};

/** @param shipped path of a model's file → what goes into the image in its place */
export function planImage(
  endpoint: ResolvedEndpoint,
  shipped: ReadonlyMap<string, ShippedModel> = new Map(),
): Plan {
  const { names: python, problems } = debianPackages(endpoint);
  if (problems.length > 0) throw new UserError(problems);
  const models = placeModels(endpoint.deployments, shipped);
  const code: PlacedCode[] = [];
  const deployments = endpoint.deployments.map((deployment) => {
    const { model, script, ...rest } = withoutBuildPaths(deployment);
    const placedCode = script && placeCode(deployment.name, script, models);
    if (placedCode !== undefined) code.push(placedCode);
    return {
      ...rest,
      ...(model !== undefined && { model: modelInside(model, script !== undefined, models) }),
      ...(script !== undefined &&
        placedCode !== undefined && { script: scriptInside(script, placedCode) }),
    };
  });
  return { models: [...models.values()], code, python, endpoint: { ...endpoint, deployments } };
}

/**
 * Each model once; of a folder and a file in it, both asked for, the folder. What a script opens is
 * shipped as it was given, also where another deployment serves the same model without one.
 */
function placeModels(
  deployments: readonly ResolvedDeployment[],
  shipped: ReadonlyMap<string, ShippedModel>,
): ReadonlyMap<string, PlacedModel> {
  const models = new Map<string, PlacedModel>();
  for (const { model, script } of deployments) {
    if (model === undefined) continue;
    const files = script === undefined ? shipped.get(model.path) : undefined;
    const placed = { ...placeModel(model), ...(files && { shipped: files }) };
    const other = models.get(keyOf(model));
    models.set(keyOf(model), other === undefined ? placed : wider(placed, other));
  }
  return models;
}

function wider(one: PlacedModel, other: PlacedModel): PlacedModel {
  if (one.source === other.source) return one.shipped === undefined ? one : other;
  if (isInside(other.source, one.source)) return asGiven(one);
  if (isInside(one.source, other.source)) return asGiven(other);
  throw twoModels(one, other);
}

function asGiven(model: PlacedModel): PlacedModel {
  const { shipped: _, ...placed } = model;
  return placed;
}

function keyOf({ name, version }: ResolvedModel): string {
  return `${name}:${version}`.toLowerCase();
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function placeModel({ name, version, path, directory }: ResolvedModel): PlacedModel {
  const folder = `${MODELS_FOLDER}/${name}/${version}`;
  if (directory !== undefined) return { name, version, source: directory, target: folder };
  const file = path.split(/[/\\]/u).findLast((part) => part !== "") ?? name;
  return { name, version, source: path, target: `${folder}/${file}` };
}

/** Relative to the endpoint file, so that an unpacked image serves from any folder. */
function fromEndpoint(target: string): string {
  return posix.relative(posix.dirname(ENDPOINT_FILE), target);
}

function modelInside(
  model: ResolvedModel,
  isSeenByScript: boolean,
  models: ReadonlyMap<string, PlacedModel>,
): ResolvedModel {
  const placed = models.get(keyOf(model));
  if (placed === undefined) return model;
  const target = posix.join(placed.target, posix.relative(placed.source, model.path));
  // What was measured differs from run to run: it travels in the manifest.
  const { directory: _, needBytes: _need, ...rest } = model;
  const folder = fromEndpoint(`${MODELS_FOLDER}/${placed.name}/${placed.version}`);
  return {
    ...rest,
    path: fromEndpoint(target),
    ...(isSeenByScript && { directory: folder }),
  };
}

function placeCode(
  deployment: string,
  { directory, path }: ResolvedScript,
  models: ReadonlyMap<string, PlacedModel>,
): PlacedCode {
  // A script beside its code folder brings the folder it lies in.
  const source = isInside(path, directory) ? directory : posix.dirname(path);
  const target = `${CODE_FOLDER}/${deployment}/${posix.basename(source)}`;
  return { deployment, source, target, without: [...models.values()].map((each) => each.source) };
}

function scriptInside({ path }: ResolvedScript, { source, target }: PlacedCode): ResolvedScript {
  return {
    directory: fromEndpoint(target),
    path: fromEndpoint(posix.join(target, posix.relative(source, path))),
  };
}

/** Where the build machine keeps its files is nobody's business on the device. */
function withoutBuildPaths({ environment, ...rest }: ResolvedDeployment): ResolvedDeployment {
  if (environment === undefined) return rest;
  const { condaFile: _, requirements: __, ...named } = environment;
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
