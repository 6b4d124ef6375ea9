/** Which requests are compared: of which model, in which form? */

import type { BenchModel } from "./models/bench-model.ts";
import { findModel, makeMlp, makeTiny } from "./models/bench-model.ts";

export type BenchCase = {
  readonly name: string;
  readonly model: BenchModel;
  readonly encoding: "json" | "binary";
};

export const CASE_NAMES = [
  "mul-json",
  "mnist-json",
  "mnist-binary",
  "ultraface-json",
  "ultraface-binary",
  "mlp-json",
] as const;

type CaseName = (typeof CASE_NAMES)[number];

export type Folders = { readonly models: string; readonly made: string };

/** `undefined` where the model is not there. */
export function findCase(name: CaseName, { models, made }: Folders): BenchCase | undefined {
  const [modelName, encoding] = name.split("-") as [
    "mul" | "mnist" | "ultraface" | "mlp",
    BenchCase["encoding"],
  ];
  const model = modelName === "mlp" ? makeMlp(made) : findModel(modelName, models);
  if (model !== undefined) return { name, model, encoding };
  return modelName === "mul" ? { name, model: makeTiny(made), encoding } : undefined;
}
