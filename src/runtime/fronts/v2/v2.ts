/**
 * The addresses of the Open Inference Protocol v2. A model is the endpoint (with its weights and
 * mirror) or one of its deployments, pinned; a version is that of the deployment's model.
 *
 * @source open-inference-protocol: specification/protocol/inference_rest.md; triton-inference-server:
 *   docs/protocol/extension_model_repository.md
 */

import type { ScoringResponse } from "../../../core/scoring.ts";
import type { Signature, TensorSpec } from "../../../core/tensors/signature.ts";
import { DTYPES } from "../../../core/tensors/tensor.ts";
import { jsonPage, readiness } from "../pages.ts";
import { v2Fault } from "./fault.ts";

export type V2Deployment = {
  readonly name: string;
  readonly version: string;
  /** Without one a script decides what goes in and out. */
  readonly signature?: Signature;
  readonly ready: () => boolean;
};

export type V2Options = {
  readonly endpoint: string;
  readonly serverVersion: string;
  /** The one with the most traffic first: it speaks for the endpoint. */
  readonly deployments: readonly V2Deployment[];
};

export type V2Route =
  | { readonly kind: "page"; readonly page: ScoringResponse }
  /** POST with any body. */
  | { readonly kind: "posted"; readonly page: (body: string) => ScoringResponse }
  | { readonly kind: "infer"; readonly model: string; readonly deployment?: string };

const MODEL_PATH =
  /^\/v2\/models\/(?<model>[^/]+)(?:\/versions\/(?<version>[^/]+))?(?:\/(?<verb>ready|infer))?$/;

export function v2Route(options: V2Options, path: string): V2Route {
  const { deployments, endpoint } = options;
  switch (path) {
    case "/v2":
    case "/v2/":
      return page(
        jsonPage({ name: "edgewright", version: options.serverVersion, extensions: EXTENSIONS }),
      );
    case "/v2/health/live":
      return page(jsonPage({ live: true }));
    case "/v2/health/ready":
      return page(readiness({ ready: deployments.every(({ ready }) => ready()) }));
    case "/v2/repository/index":
      return { kind: "posted", page: (body) => repositoryIndex(options, body) };
    default:
  }
  const { model: encoded = "", version, verb } = MODEL_PATH.exec(path)?.groups ?? {};
  const model = decodeName(encoded);
  if (model === undefined || model === "")
    return page(v2Fault(404, `there is nothing at ${path.slice(0, 200)}`));
  const same = (name: string): boolean => name.toLowerCase() === model.toLowerCase();
  const pinned = deployments.filter(({ name }) => same(name));
  const candidates = pinned.length > 0 ? pinned : same(endpoint) ? deployments : [];
  if (candidates.length === 0) {
    const known = [endpoint, ...deployments.map(({ name }) => name)].map((name) => `'${name}'`);
    return page(
      v2Fault(404, `there is no model '${model.slice(0, 100)}', there is ${known.join(", ")}`),
    );
  }
  const wanted = decodeName(version ?? "");
  const chosen = candidates.find(
    (candidate) => version === undefined || candidate.version === wanted,
  );
  if (chosen === undefined) {
    const known = [...new Set(candidates.map((candidate) => `'${candidate.version}'`))].join(", ");
    return page(
      v2Fault(404, `model '${model}' has no version '${version?.slice(0, 100)}', it has ${known}`),
    );
  }
  // A version says which deployment is meant, as its name does.
  const pin = pinned.length > 0 || version !== undefined;
  if (verb === "infer") {
    return { kind: "infer", model, ...(pin && { deployment: chosen.name }) };
  }
  if (verb === "ready") {
    const ready = pin ? chosen.ready() : candidates.every((candidate) => candidate.ready());
    return page(jsonPage({ name: model, ready }, ready ? 200 : 503));
  }
  return page(jsonPage(metadata(model, chosen, pin ? [chosen] : candidates)));
}

/** What is implemented of the extensions, by their names. */
const EXTENSIONS = ["binary_tensor_data", "model_repository"];

function page(response: ScoringResponse): V2Route {
  return { kind: "page", page: response };
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function metadata(name: string, chosen: V2Deployment, all: readonly V2Deployment[]) {
  const { inputs = [], outputs = [] } = chosen.signature ?? {};
  return {
    name,
    versions: [...new Set(all.map(({ version }) => version))],
    platform: "onnxruntime_onnx",
    inputs: inputs.map(tensorMetadata),
    outputs: outputs.map(tensorMetadata),
  };
}

function tensorMetadata({ name, type, shape }: TensorSpec) {
  const dims = (shape ?? [-1]).map((dim) => (typeof dim === "number" ? dim : -1));
  return { name, datatype: DTYPES[type].oip, shape: dims };
}

/** The deployments; with `{"ready": true}` only those that can score. */
function repositoryIndex({ deployments }: V2Options, body: string): ScoringResponse {
  let asked: unknown = {};
  try {
    if (body.trim() !== "") asked = JSON.parse(body);
  } catch (error) {
    return v2Fault(400, `the body is not valid JSON: ${(error as Error).message}`);
  }
  const onlyReady =
    typeof asked === "object" && asked !== null && "ready" in asked ? asked.ready : false;
  if (
    typeof asked !== "object" ||
    asked === null ||
    Array.isArray(asked) ||
    typeof onlyReady !== "boolean"
  ) {
    return v2Fault(400, 'the body is not of the form {"ready": true or false}');
  }
  const models = deployments.map(({ name, version, ready }) => ({
    name,
    version,
    state: ready() ? "READY" : "UNAVAILABLE",
    reason: ready() ? "" : "the engine is not ready",
  }));
  return jsonPage(models.filter(({ state }) => !onlyReady || state === "READY"));
}
