/** ONNX Runtime, loaded with its telemetry off. The only file that imports onnxruntime-node. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { Signature } from "../core/tensors/signature.ts";
import type { DType, Tensor, TensorData } from "../core/tensors/tensor.ts";
import { parseOnnxFile } from "./onnx-file.ts";
import { removeZipMaps, zipMapsOf } from "./zip-map.ts";

/**
 * Since 1.29 the library reports home unless this is in the process's environment before it loads.
 * A worker thread's `process.env` is a copy, so the main thread calls this before it starts one.
 *
 * @source microsoft/onnxruntime pull 27379
 */
export function disableTelemetry(): void {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
}

/** Of the native library, for processes that load it by themselves. */
export function libraryPath(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("onnxruntime-node/package.json"));
  return join(folder, "bin", "napi-v6", process.platform, process.arch, "libonnxruntime.so.1");
}

export type SessionOptions = {
  readonly threads: number;
};

export type Session = {
  /**
   * Blocks the calling thread while it runs.
   *
   * @param feeds   one tensor for each input of the signature
   * @param outputs names of the signature's outputs to compute
   * @throws Error with ONNX Runtime's own words when the model fails on this input
   */
  readonly run: (
    feeds: Readonly<Record<string, Tensor>>,
    outputs: readonly string[],
  ) => readonly Tensor[];
  readonly release: () => void;
};

/**
 * The library's native part. Its JavaScript part adds a promise and a turn of the event loop to every
 * run, which costs half of a tiny model's time and makes nothing asynchronous: `run` blocks anyway.
 */
type NativeSession = {
  readonly loadModel: {
    (path: string, options: object): void;
    (bytes: ArrayBufferLike, offset: number, length: number, options: object): void;
  };
  readonly run: (
    feeds: Readonly<Record<string, NativeTensor>>,
    fetches: Readonly<Record<string, null>>,
    options: object,
  ) => Readonly<Record<string, NativeTensor>>;
  readonly dispose: () => void;
};

/** What the native part reads of a tensor, and gives. */
type NativeTensor = {
  readonly type: DType;
  readonly dims: readonly number[];
  readonly data: TensorData;
  readonly location?: "cpu";
};

type Library = {
  readonly binding: { readonly InferenceSession: new () => NativeSession };
  readonly initOrt: () => void;
};

/**
 * A model ready to run.
 *
 * @throws Error with ONNX Runtime's own words when it cannot load the file
 */
export async function createSession(
  path: string,
  signature: Signature,
  { threads }: SessionOptions,
): Promise<Session> {
  disableTelemetry();
  const inner: unknown = await import("onnxruntime-node/dist/binding.js");
  const { binding, initOrt } = inner as Library;
  initOrt();
  const session = new binding.InferenceSession();
  const settings = sessionSettings(threads);
  const tensorNames = signature.outputs.some((output) => output.labels !== undefined)
    ? await loadWithoutZipMaps(session, path, settings)
    : NO_NAMES;
  if (tensorNames === NO_NAMES) session.loadModel(path, settings);
  const inputNames = signature.inputs.map((input) => input.name);
  // What to fetch is the same object again and again: most requests want all outputs.
  const plans = new WeakMap<readonly string[], FetchPlan>();
  return {
    run: (feeds, outputs) => {
      let plan = plans.get(outputs);
      if (plan === undefined) {
        plan = planFetches(outputs, tensorNames);
        plans.set(outputs, plan);
      }
      const inputs: Record<string, NativeTensor> = {};
      for (const name of inputNames) {
        const tensor = feeds[name];
        if (tensor !== undefined) inputs[name] = toNative(tensor);
      }
      const results = session.run(inputs, plan.fetches, NO_OPTIONS);
      return plan.names.map((name) => fromNative(results[name]));
    },
    release: () => session.dispose(),
  };
}

type FetchPlan = {
  readonly names: readonly string[];
  readonly fetches: Readonly<Record<string, null>>;
};

function planFetches(
  outputs: readonly string[],
  tensorNames: ReadonlyMap<string, string>,
): FetchPlan {
  const names = outputs.map((output) => tensorNames.get(output) ?? output);
  return { names, fetches: Object.fromEntries(names.map((name) => [name, null])) };
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();
const NO_OPTIONS = {};

function sessionSettings(threads: number) {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // What fails is thrown with its reason; no line of the library belongs on stderr beside it.
    logSeverityLevel: 4,
    // An idle thread that spins costs 2 to 21 times the CPU for spaced requests.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

/** Gives the tensor that stands for each map output. */
async function loadWithoutZipMaps(
  session: NativeSession,
  path: string,
  settings: ReturnType<typeof sessionSettings>,
): Promise<ReadonlyMap<string, string>> {
  const bytes = await readFile(path);
  const file = parseOnnxFile(bytes);
  const model = removeZipMaps(bytes);
  const folder = { model_external_initializers_file_folder_path: dirname(path) };
  session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
    ...settings,
    extra: { session: { ...settings.extra.session, ...folder } },
  });
  const zipMaps = file === undefined ? [] : zipMapsOf(file);
  return new Map(zipMaps.map(({ output, tensor }) => [output, tensor]));
}

/**
 * Not the library's own Tensor class: on Node 24 that makes float16 tensors which its native part
 * refuses (microsoft/onnxruntime#32323).
 */
function toNative({ type, dims, data }: Tensor): NativeTensor {
  return { type, dims, data, location: "cpu" };
}

/** Where the platform has Float16Array (Node 24) the library uses it; here halves are their bits. */
function fromNative(tensor: NativeTensor | undefined): Tensor {
  if (tensor === undefined) throw new Error("ONNX Runtime gave no value for an output");
  const { type, dims, data } = tensor;
  if (type !== "float16" || data instanceof Uint16Array) return { type, dims, data };
  const { buffer, byteOffset, length } = data as unknown as Uint16Array;
  return { type, dims, data: new Uint16Array(buffer, byteOffset, length) };
}
