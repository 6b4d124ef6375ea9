/** What does `import onnxruntime` cost in a script, beside the same run in a process of Node? */

import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { libraryPath } from "../../src/model/onnxruntime.ts";
import { findModel } from "../models/bench-model.ts";
import type { BenchModel } from "../models/bench-model.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { median } from "./median.ts";
import { measureRunFloor } from "./run-floor.ts";
import { takeTurns } from "./scoring.ts";
import type { ScoringPlan } from "./scoring.ts";

const PYTHON = "/usr/bin/python3";
const STAND_IN = fileURLToPath(
  new URL("../../src/runtime/scripts/python/stand_in", import.meta.url),
);

/** As scripts call it: an array in, a list of arrays out. Prints CPU microseconds of one call. */
const LOOP = `
import sys, time
import numpy, onnxruntime

path, seconds = sys.argv[1], float(sys.argv[2])
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
first = session.get_inputs()[0]
shape = [each if isinstance(each, int) else 1 for each in first.shape]
data = numpy.random.default_rng(11).random(shape, dtype=numpy.float32)

def run_for(limit):
    runs, end = 0, time.perf_counter() + limit
    while time.perf_counter() < end:
        session.run(None, {first.name: data})
        runs += 1
    return runs

run_for(seconds / 4)
before = time.process_time()
runs = run_for(seconds)
print((time.process_time() - before) * 1e6 / runs)
`;

/** @throws Error where numpy, or every one of the models, is missing */
export async function measureStandIn(
  workplace: Workplace,
  models: string,
  plan: ScoringPlan,
): Promise<readonly Finding[]> {
  if (spawnSync(PYTHON, ["-c", "import numpy"], { stdio: "ignore" }).status !== 0) {
    throw new Error(`${PYTHON} has no numpy (apt-get install python3-numpy)`);
  }
  const found = (["mnist", "ultraface"] as const).flatMap((name) => findModel(name, models) ?? []);
  if (found.length === 0) throw new Error("neither mnist nor ultraface is in the models' folder");
  const findings: Finding[] = [];
  for (const model of found) findings.push(await compare(workplace, model, plan));
  return findings;
}

async function compare(
  workplace: Workplace,
  model: BenchModel,
  { rounds, seconds }: ScoringPlan,
): Promise<Finding> {
  const bare = async (): Promise<number> =>
    (await measureRunFloor(workplace, model, seconds)).cpuUs;
  const taken = await takeTurns([() => scripted(model, seconds), bare], rounds, (take) => take());
  const [ours = 0, floor = 0] = taken.map(median);
  return {
    what: `CPU of session.run of ${model.name} in a script (beside: onnxruntime-node)`,
    ours: `${ours.toFixed(1)} us`,
    beside: `${floor.toFixed(1)} us`,
    ratio: ours / floor,
  };
}

async function scripted({ path }: BenchModel, seconds: number): Promise<number> {
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", LOOP, path, String(seconds)], {
    env: {
      ...process.env,
      PYTHONPATH: STAND_IN,
      EDGEWRIGHT_ONNXRUNTIME: libraryPath(),
      EDGEWRIGHT_THREADS: "1",
      ORT_DISABLE_TELEMETRY: "1",
    },
  });
  return Number(stdout);
}
