/** ONNX Runtime, loaded with its telemetry off. The only file that imports onnxruntime-node. */

import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

import type {
  InferenceSession,
  InferenceSessionFactory,
  Tensor as OrtTensor,
} from "onnxruntime-node";

import type { Signature } from "../core/signature.ts";
import type { Tensor, TensorData } from "../core/tensor.ts";
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

export type SessionOptions = {
  readonly threads: number;
};

export type Session = {
  /**
   * Blocks the calling thread while it runs.
   *
   * @param feeds   one tensor for each input of the signature
   * @param outputs names of the signature's outputs to compute
   */
  readonly run: (
    feeds: Readonly<Record<string, Tensor>>,
    outputs: readonly string[],
  ) => Promise<readonly Tensor[]>;
  readonly release: () => Promise<void>;
};

/**
 * A model ready to run.
 *
 * @throws Error with ONNX Runtime's own words when it cannot load the file
 */
export async function createSession(
  path: string,
  signature: Signature,
  options: SessionOptions,
): Promise<Session> {
  disableTelemetry();
  const ort = await import("onnxruntime-node");
  const settings: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    // Errors only: what loads with a warning loads, and no line of the library belongs on stderr.
    logSeverityLevel: 3,
    // An idle thread that spins costs 2 to 21 times the CPU for spaced requests.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
  const { session, tensorNames } = signature.outputs.some((output) => output.labels !== undefined)
    ? await createWithoutZipMaps(ort.InferenceSession, path, settings)
    : { session: await ort.InferenceSession.create(path, settings), tensorNames: NO_NAMES };
  return {
    run: async (feeds, outputs) => {
      const inputs: Record<string, OrtTensor> = {};
      for (const { name } of signature.inputs) {
        const tensor = feeds[name];
        if (tensor !== undefined) inputs[name] = toOrt(tensor);
      }
      const names = outputs.map((name) => tensorNames.get(name) ?? name);
      const results = await session.run(inputs, names);
      return names.map((name) => fromOrt(results[name] as OrtTensor));
    },
    release: () => session.release(),
  };
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

async function createWithoutZipMaps(
  factory: InferenceSessionFactory,
  path: string,
  settings: InferenceSession.SessionOptions,
): Promise<{ session: InferenceSession; tensorNames: ReadonlyMap<string, string> }> {
  const bytes = await readFile(path);
  const file = parseOnnxFile(bytes);
  const zipMaps = file === undefined ? [] : zipMapsOf(file);
  const session = await factory.create(removeZipMaps(bytes), {
    ...settings,
    extra: {
      session: {
        ...(settings.extra as { session: object }).session,
        model_external_initializers_file_folder_path: dirname(path),
      },
    },
  });
  return { session, tensorNames: new Map(zipMaps.map(({ output, tensor }) => [output, tensor])) };
}

/**
 * What the library's native part reads of a tensor. Its own Tensor class is no use here: on Node 24
 * it makes float16 tensors that its native part refuses (microsoft/onnxruntime#32323).
 */
function toOrt({ type, dims, data }: Tensor): OrtTensor {
  return { type, dims, data, location: "cpu" } as unknown as OrtTensor;
}

function fromOrt(tensor: OrtTensor): Tensor {
  return { type: tensor.type as Tensor["type"], dims: tensor.dims, data: bitsOf(tensor) };
}

/** Where the platform has Float16Array (Node 24) the library uses it; here halves are their bits. */
function bitsOf(tensor: OrtTensor): TensorData {
  const data = tensor.data as TensorData;
  if (tensor.type !== "float16" || data instanceof Uint16Array || Array.isArray(data)) return data;
  const view = data as unknown as Uint16Array;
  return new Uint16Array(view.buffer, view.byteOffset, view.length);
}
