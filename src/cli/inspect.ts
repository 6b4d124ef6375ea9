/** `edgewright inspect MODEL.onnx`: what a model is and what it costs. */

import { resolve } from "node:path";

import type { OutputSpec, TensorSpec } from "../core/signature.ts";
import { showShape } from "../core/tensor.ts";
import { inspectModel } from "../model/inspect.ts";
import type { Inspection } from "../model/inspect.ts";
import { UsageError } from "./command.ts";
import type { Command } from "./command.ts";
import { renderBytes } from "./render.ts";

export const INSPECT: Command = {
  name: "inspect",
  usage: "MODEL.onnx",
  summary: "inputs, outputs, operator sets, size; whether ONNX Runtime loads it, memory and time",
  options: {},
  run: async ({ args, cwd }) => {
    const [path] = args;
    if (path === undefined || args.length > 1) throw new UsageError("inspect takes one model file");
    const { inspection, problems } = await inspectModel(resolve(cwd, path));
    if (inspection === undefined) return { problems };
    return { problems, json: { model: inspection }, text: render(path, inspection) };
  },
};

function render(path: string, model: Inspection): string {
  const opsets = [["onnx", model.opset] as const, ...Object.entries(model.domains)]
    .filter(([, version]) => version > 0)
    .map(([domain, version]) => `${domain} ${version}`);
  const lines = [
    `${path}  ${renderBytes(model.bytes)}  IR ${model.irVersion}  operators ${opsets.join(", ")}`,
    `sha256 ${model.sha256}${model.producer && `  by ${model.producer}`}`,
    ...model.signature.inputs.map((input) => `input   ${renderSpec(input)}`),
    ...model.signature.outputs.map((output) => `output  ${renderSpec(output)}`),
  ];
  if (model.loadMs !== undefined && model.memoryBytes !== undefined) {
    const run = model.runMs === undefined ? "" : `, one run ${model.runMs.toFixed(2)} ms`;
    lines.push(
      `loads in ${model.loadMs.toFixed(0)} ms${run}, ${renderBytes(model.memoryBytes)} of memory`,
    );
  }
  return lines.join("\n");
}

function renderSpec({ name, type, shape, labels }: TensorSpec & OutputSpec): string {
  const dims = shape === null ? "any shape" : showShape(shape);
  return `${name}  ${type} ${dims}${labels ? `  a map for each row: ${labels.join(", ")}` : ""}`;
}
