/** From nothing but seeds to every generated file of this example. */

import { encodeModel } from "../../../scripts/onnx/model.ts";
import { trainCnn } from "./classifiers/cnn.ts";
import { cnnGraph } from "./classifiers/cnn-graph.ts";
import { type Confusion, judge } from "./classifiers/classifier.ts";
import { trainMlp } from "./classifiers/mlp.ts";
import { mlpGraph } from "./classifiers/mlp-graph.ts";
import { encodeCounts, renderBody, renderLabels, simulateSet } from "./vibration/dataset.ts";

const TRAINING = { perClass: 2000, seed: 1 };
const HELD_OUT = { perClass: 100, seed: 2 };

export type Artifacts = {
  /** By path below the example's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** On the held-out windows, in the precision of the training. */
  readonly confusions: Readonly<Record<"blue" | "green", Confusion>>;
};

export function makeArtifacts(): Artifacts {
  const training = simulateSet(TRAINING.perClass, TRAINING.seed);
  const heldOut = simulateSet(HELD_OUT.perClass, HELD_OUT.seed);
  const mlp = trainMlp(training);
  const cnn = trainCnn(training);
  const text = new TextEncoder();
  return {
    files: new Map([
      ["models/bearing-mlp/1/model.onnx", encodeModel(mlpGraph(mlp))],
      ["models/bearing-cnn/1/model.onnx", encodeModel(cnnGraph(cnn))],
      ["data/held-out.i16", encodeCounts(heldOut)],
      ["data/labels.csv", text.encode(renderLabels(heldOut))],
      ["data/request.json", text.encode(renderBody(heldOut.slice(0, 1)))],
    ]),
    confusions: { blue: judge(mlp, heldOut), green: judge(cnn, heldOut) },
  };
}
