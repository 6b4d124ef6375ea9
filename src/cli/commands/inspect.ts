/** `edgewright inspect MODEL.onnx`: what a model is and what it costs. */

import { resolve } from "node:path";

import { hasErrors } from "../../core/problem.ts";
import type { OutputSpec, TensorSpec } from "../../core/tensors/signature.ts";
import { showShape } from "../../core/tensors/tensor.ts";
import type { Inspection } from "../../model/inspect.ts";
import { prepareModel } from "../../model/prepare/prepared-model.ts";
import type { Preparation } from "../../model/prepare/prepared-model.ts";
import { UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { profileEngine, renderEngineProfile } from "../machine/engine-profile.ts";
import { cacheFolder } from "../given/models.ts";
import { renderBytes } from "../terminal/render.ts";

export const INSPECT: Command = {
  name: "inspect",
  usage: "MODEL.onnx",
  summary: "inputs, outputs, operator sets, size; whether ONNX Runtime loads it, memory and time",
  options: {
    profile: {
      type: "boolean",
      summary: "where the runtime would run it, and what runs together, by measurement",
    },
  },
  run: async ({ args, cwd, env, options }) => {
    const [path] = args;
    if (path === undefined || args.length > 1) throw new UsageError("inspect takes one model file");
    const { inspection, preparation, problems } = await prepareModel(resolve(cwd, path), {
      weights: "external",
      cacheFolder: cacheFolder({ env }),
    });
    if (inspection === undefined) return { problems };
    const served = preparation?.graph.path ?? inspection.path;
    const engine =
      options["profile"] === true && !hasErrors(problems)
        ? await profileEngine(served, inspection.signature)
        : undefined;
    return {
      problems,
      json: {
        model: {
          ...inspection,
          ...(preparation && { preparation }),
          ...(engine && { engine }),
        },
      },
      text: [
        ...render(path, inspection),
        ...renderPreparation(inspection, preparation),
        ...(engine ? renderEngineProfile(engine) : []),
      ].join("\n"),
    };
  },
};

function render(path: string, model: Inspection): readonly string[] {
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
  return lines;
}

function renderPreparation(
  { loadMs, runMs }: Inspection,
  preparation: Preparation | undefined,
): readonly string[] {
  if (loadMs === undefined) return ["prepared: nothing, it cannot be loaded"];
  if (preparation === undefined) return ["prepared: as it is, there is nothing to gain"];
  const { freedConstants, unusedConstants, documentationBytes, difference, samples } = preparation;
  const changes = [
    [freedConstants, `${freedConstants} constants out of the graph's inputs`],
    [unusedConstants, `${unusedConstants} unused constants out`],
    [documentationBytes, `${renderBytes(documentationBytes)} of documentation out`],
    [
      preparation.weights.length,
      `graph of ${renderBytes(preparation.graph.bytes)}, weights in ${preparation.weights.length} file(s)`,
    ],
  ] as const;
  const gain =
    runMs === undefined || preparation.runMs === undefined
      ? ""
      : `, one run ${preparation.runMs.toFixed(2)} ms (${(runMs / preparation.runMs).toFixed(1)} times as fast)`;
  const equal =
    difference === 0 ? "the same to the bit" : `equal within ${difference.toExponential(0)}`;
  return [
    `prepared: ${changes.flatMap(([count, text]) => (count > 0 ? [text] : [])).join(", ")}`,
    `prepared: loads in ${preparation.loadMs.toFixed(0)} ms${gain}, ${renderBytes(preparation.memoryBytes)} of memory; ${samples} answers ${equal}`,
  ];
}

function renderSpec({ name, type, shape, labels }: TensorSpec & OutputSpec): string {
  const dims = shape === null ? "any shape" : showShape(shape);
  return `${name}  ${type} ${dims}${labels ? `  a map for each row: ${labels.join(", ")}` : ""}`;
}
