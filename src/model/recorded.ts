/**
 * Which inputs did somebody record with a model? Folders `test_data_set_N` beside it, a file
 * `input_N.pb` for each input.
 *
 * @source onnx/models: README.md ("Usage", test data starting from ONNX v1.2.1)
 */

import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Feeds } from "../core/tensors/sample.ts";
import type { Signature, TensorSpec } from "../core/tensors/signature.ts";
import { allocate, DTYPES, elementCount } from "../core/tensors/tensor.ts";
import type { Tensor, TensorData } from "../core/tensors/tensor.ts";
import { tensorOfMessage } from "./prepare/bytes/tensor-bytes.ts";

export async function recordingFolders(model: string): Promise<readonly string[]> {
  const folder = dirname(model);
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^test_data_set_\d+$/u.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

/** Of the folders whose files fit the signature; others belong to another model. */
export async function recordedFeeds(
  { inputs }: Signature,
  folders: readonly string[],
): Promise<readonly Feeds[]> {
  const all: Feeds[] = [];
  for (const folder of folders) {
    const tensors = await Promise.all(
      inputs.map(async (input, index) => [
        input.name,
        await readTensor(join(folder, `input_${index}.pb`), input),
      ]),
    );
    if (tensors.every(([, tensor]) => tensor !== undefined))
      all.push(Object.fromEntries(tensors) as Feeds);
  }
  return all;
}

async function readTensor(path: string, { type }: TensorSpec): Promise<Tensor | undefined> {
  // Whoever reads a pipe waits for somebody who writes to it.
  const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
  const message = isFile ? await readFile(path).catch(() => undefined) : undefined;
  const read = message === undefined ? undefined : tensorOfMessage(message);
  if (read === undefined || read.type !== DTYPES[type].onnx || type === "string") return undefined;
  const data = allocate(type, elementCount(read.dims)) as Exclude<TensorData, readonly string[]>;
  if (read.bytes.length !== data.byteLength) return undefined;
  new Uint8Array(data.buffer).set(read.bytes);
  return { type, dims: read.dims, data };
}
