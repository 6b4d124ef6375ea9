/** Which models are measured, and where does each come from: other people's files, or made here? */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { encodeModel } from "../../scripts/onnx/model.ts";
import { slowGraph } from "../../scripts/onnx/fixtures/slow.ts";
import { echoGraph, mlpGraph, tinyGraph } from "./made-graphs.ts";

export type BenchModel = {
  readonly name: string;
  readonly path: string;
  readonly input: { readonly name: string; readonly dims: readonly number[] };
  /** Whether the bench wrote it itself. */
  readonly made: boolean;
};

const FOUND = {
  mul: { file: "mul_1.onnx", input: { name: "X", dims: [3, 2] } },
  mnist: { file: "mnist.onnx", input: { name: "Input3", dims: [1, 1, 28, 28] } },
  ultraface: { file: "ultraface-rfb-320.onnx", input: { name: "input", dims: [1, 3, 240, 320] } },
} as const;

/** One of the models in `folder`; `undefined` where its file is not there. */
export function findModel(name: keyof typeof FOUND, folder: string): BenchModel | undefined {
  const { file, input } = FOUND[name];
  const path = join(folder, file);
  return existsSync(path) ? { name, path, input, made: false } : undefined;
}

/** Next to no work at all: what is left is the cost of serving. */
export function makeTiny(folder: string): BenchModel {
  const path = join(folder, "tiny.onnx");
  writeFileSync(path, encodeModel(tinyGraph()));
  return { name: "tiny", path, input: { name: "X", dims: [3, 2] }, made: true };
}

/** Texts in, the same texts out: what a script that echoes is measured beside. */
export function makeEcho(folder: string): BenchModel {
  const path = join(folder, "echo.onnx");
  writeFileSync(path, encodeModel(echoGraph()));
  return { name: "echo", path, input: { name: "text", dims: [1] }, made: true };
}

/** Reads 8 MB of weights for one row and for thirty-two alike: what batching is for. */
export function makeMlp(folder: string): BenchModel {
  const path = join(folder, "mlp.onnx");
  writeFileSync(path, encodeModel(mlpGraph()));
  return { name: "mlp", path, input: { name: "x", dims: [1, 64] }, made: true };
}

/** Works for a time that grows with `rounds`. */
export function makeSlow(folder: string, rounds: number): BenchModel {
  const path = join(folder, `slow-${rounds}.onnx`);
  writeFileSync(path, encodeModel(slowGraph(rounds)));
  return { name: "slow", path, input: { name: "x", dims: [1, 2] }, made: true };
}
