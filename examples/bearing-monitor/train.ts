/** Trains both models and writes `models/` and `data/`: `node dist/examples/bearing-monitor/train.js`. */

import { mkdirSync, writeFileSync } from "node:fs";
import { makeArtifacts } from "./train/artifacts.ts";
import { accuracyOf } from "./train/classifiers/classifier.ts";
import { CLASSES } from "./train/vibration/signal.ts";

const folder = new URL("../../../examples/bearing-monitor/", import.meta.url);

const { files, confusions } = makeArtifacts();
for (const [path, bytes] of files) {
  const file = new URL(path, folder);
  mkdirSync(new URL(".", file), { recursive: true });
  writeFileSync(file, bytes);
  console.log(`${path} ${bytes.byteLength} bytes`);
}
for (const [deployment, confusion] of Object.entries(confusions)) {
  console.log(`\n${deployment}: ${(accuracyOf(confusion) * 100).toFixed(2)} %`);
  for (const [label, row] of confusion.entries()) {
    console.log(`| ${CLASSES[label]} | ${row.join(" | ")} |`);
  }
}
