/** Writes the small models of `test/fixtures/models`: `node dist/scripts/models.js`. */

import { mkdirSync, writeFileSync } from "node:fs";
import { fixtureFiles } from "./onnx/fixtures/files.ts";

const folder = new URL("../../test/fixtures/models/", import.meta.url);

mkdirSync(folder, { recursive: true });
for (const [name, bytes] of fixtureFiles()) {
  writeFileSync(new URL(name, folder), bytes);
  console.log(`${name} ${bytes.byteLength} bytes`);
}
