/**
 * The floor without a server: `session.run` again and again. `node bare-loop.js MODEL SECONDS`;
 * prints `{"runs", "cpuUs", "wallMs"}`, CPU and wall time of one run.
 */

import { Tensor } from "onnxruntime-node";
import { openBareSession } from "./bare-session.ts";
import { seededNumbers } from "./models/seeded-numbers.ts";

const [path = "", seconds = "1"] = process.argv.slice(2);
const { session, input, dims } = await openBareSession(path);
const next = seededNumbers(11);
const length = dims.reduce((product, dim) => product * dim, 1);
const data = Float32Array.from({ length }, next);

async function runFor(ms: number): Promise<number> {
  const end = performance.now() + ms;
  let runs = 0;
  while (performance.now() < end) {
    await session.run({ [input]: new Tensor("float32", data, dims) });
    runs += 1;
  }
  return runs;
}

const ms = Number(seconds) * 1000;
await runFor(ms / 4);
const before = process.cpuUsage();
const begun = performance.now();
const runs = await runFor(ms);
const { user, system } = process.cpuUsage(before);
const wallMs = (performance.now() - begun) / runs;
console.log(JSON.stringify({ runs, cpuUs: (user + system) / runs, wallMs }));
