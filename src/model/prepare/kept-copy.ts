/** Where a prepared copy was made before: is what is kept of it still what was written? */

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

import { CODES } from "../../core/codes.ts";
import type { Code } from "../../core/codes.ts";
import { DTYPE_NAMES } from "../../core/tensors/tensor.ts";
import { sha256OfFile } from "../file-digest.ts";
import type { PreparedModel } from "./prepared-model.ts";

const VERDICT = "prepared.json";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/u);
const count = z.number().int().nonnegative();
const amount = z.number();
const shape = z.array(z.union([z.number(), z.string()])).readonly();
const tensorSpec = { name: z.string(), type: z.enum(DTYPE_NAMES), shape: shape.nullable() };
const outputSpec = z.strictObject({
  ...tensorSpec,
  labels: z.array(z.string()).readonly().exactOptional(),
});
const sampleOutput = z.strictObject({
  name: z.string(),
  dims: z.array(count).readonly(),
  values: z.array(amount).readonly(),
});
const modelFile = z.strictObject({ path: z.string(), name: z.string(), bytes: count, sha256 });
const verdict = z.strictObject({
  inspection: z.strictObject({
    path: z.string(),
    bytes: count,
    sha256,
    irVersion: amount,
    producer: z.string(),
    opset: amount,
    domains: z.record(z.string(), amount),
    signature: z.strictObject({
      inputs: z.array(z.strictObject(tensorSpec)).readonly(),
      outputs: z.array(outputSpec).readonly(),
    }),
    loadMs: amount.exactOptional(),
    runMs: amount.exactOptional(),
    memoryBytes: amount.exactOptional(),
    sample: z.array(sampleOutput).readonly().exactOptional(),
  }),
  preparation: z
    .strictObject({
      freedConstants: count,
      unusedConstants: count,
      documentationBytes: count,
      graph: modelFile,
      weights: z.array(modelFile).readonly(),
      samples: count,
      difference: amount,
      loadMs: amount,
      runMs: amount.exactOptional(),
      memoryBytes: amount,
    })
    .exactOptional(),
  problems: z
    .array(
      z.strictObject({
        code: z.custom<Code>((value) => Object.hasOwn(CODES, String(value))),
        severity: z.enum(["error", "warning", "note"]),
        message: z.string(),
        hint: z.string().exactOptional(),
      }),
    )
    .readonly(),
});

/** Gives the draft its name; of a model that ships as it is only the verdict stays. */
export async function keepCopy(made: PreparedModel, draft: string, folder: string): Promise<void> {
  if (made.preparation === undefined) {
    await rm(draft, { recursive: true });
    await mkdir(draft);
  }
  const json = JSON.stringify(made);
  await writeFile(join(draft, VERDICT), `${sumOf(json)}\n${json}`);
  await rm(folder, { recursive: true, force: true });
  try {
    await rename(draft, folder);
  } catch (error) {
    // Somebody else made the same copy at the same time.
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

export type Original = {
  readonly path: string;
  readonly sha256: string;
};

/** A kept copy of this model, proven to be whole; `undefined` where it has to be made. */
export async function readKeptCopy(
  folder: string,
  original: Original,
): Promise<PreparedModel | undefined> {
  const text = await readFile(join(folder, VERDICT), "utf8").catch(() => "");
  const [sum = "", json = ""] = text.split("\n");
  if (sumOf(json) !== sum) return undefined;
  const read = verdict.safeParse(JSON.parse(json));
  if (!read.success) return undefined;
  const { inspection, preparation, ...rest } = read.data;
  if (inspection.sha256 !== original.sha256) return undefined;
  const files = preparation === undefined ? [] : [preparation.graph, ...preparation.weights];
  for (const { path, name, bytes, sha256: digest } of files) {
    if (path !== join(folder, name)) return undefined;
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile() !== true || stats.size !== bytes) return undefined;
    if ((await sha256OfFile(path)) !== digest) return undefined;
  }
  return {
    ...rest,
    inspection: { ...inspection, path: original.path },
    ...(preparation && { preparation }),
  };
}

function sumOf(json: string): string {
  return createHash("sha256").update(json).digest("hex");
}
