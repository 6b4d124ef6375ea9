import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { float16ToNumber } from "../../../src/core/tensors/float16.ts";
import { sampleFeeds } from "../../../src/core/tensors/sample.ts";
import type { Feeds } from "../../../src/core/tensors/sample.ts";
import type { Signature } from "../../../src/core/tensors/signature.ts";
import type { Tensor } from "../../../src/core/tensors/tensor.ts";
import { createSession } from "../../../src/model/onnxruntime.ts";
import { prepareModel } from "../../../src/model/prepare/prepared-model.ts";
import { SHARED, withoutShared } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { createNumbers, withRandomWeights } from "./random-weights.ts";

const MODELS = `${SHARED}models/`;
/** Plain ONNX Runtime does not load it. */
const REFUSED = new Set(["superres_pp.onnx"]);
/** Nothing can be gained: the original is what is served. */
const KEPT = new Set(["mul_1.onnx"]);
/** Once their constants are constants ONNX Runtime fuses nodes and lays weights out anew. */
const FOLDED = new Set(["ultraface-rfb-320.onnx", "light_resnet50.onnx", "light_squeezenet.onnx"]);

const SEED = 9;

/** Other numbers than those that preparation itself compares. */
function otherFeeds(signature: Signature): readonly Feeds[] {
  const next = createNumbers(SEED);
  return sampleFeeds(signature).map((feeds) =>
    Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [
        name,
        tensor.type === "float32"
          ? {
              ...tensor,
              data: Float32Array.from(tensor.data as Float32Array, () => 2 * next() - 1),
            }
          : tensor,
      ]),
    ),
  );
}

function numbersOf({ type, data }: Tensor): readonly (number | string)[] {
  if (type === "float16") return Array.from(data as Uint16Array, (half) => float16ToNumber(half));
  return Array.from(data as ArrayLike<number | bigint | string>, (value) =>
    typeof value === "bigint" ? Number(value) : value,
  );
}

async function answersOf(
  path: string,
  signature: Signature,
): Promise<readonly (readonly Tensor[])[]> {
  const session = await createSession(path, signature, { threads: 1 });
  const names = signature.outputs.map(({ name }) => name);
  const feeds = [...sampleFeeds(signature), ...otherFeeds(signature)];
  const answers = feeds.map((each) => session.run(each, names));
  session.release();
  return answers;
}

/** As a share of the largest number of the output. */
function difference(one: Tensor, other: Tensor): number {
  assert.deepEqual([other.type, other.dims], [one.type, one.dims]);
  const [expected, found] = [numbersOf(one), numbersOf(other)];
  let largest = 0;
  let apart = 0;
  for (const [at, value] of expected.entries()) {
    if (typeof value === "string") assert.equal(found[at], value);
    else {
      largest = Math.max(largest, Math.abs(value));
      apart = Math.max(apart, Math.abs(value - Number(found[at])));
    }
  }
  return apart === 0 ? 0 : apart / largest;
}

suite("the shared models, prepared and untouched", { skip: withoutShared }, () => {
  const names = existsSync(MODELS) ? readdirSync(MODELS) : [];
  for (const name of names.filter((each) => each.endsWith(".onnx") && !REFUSED.has(each))) {
    const most = FOLDED.has(name) ? 1e-5 : 0;
    const isLight = name.startsWith("light_");
    const weights = isLight ? " with random weights" : "";
    test(`${name}${weights} answers ${most === 0 ? "the same bits" : `within ${most}`}`, async (t) => {
      const folder = tempFolder(t);
      const path = isLight ? join(folder, name) : `${MODELS}${name}`;
      if (isLight) writeFileSync(path, withRandomWeights(readFileSync(`${MODELS}${name}`), SEED));
      const options = { weights: "external" as const, cacheFolder: join(folder, "cache") };
      const { inspection, preparation, problems } = await prepareModel(path, options);
      assert.deepEqual(problems, []);
      assert.ok(inspection !== undefined);
      if (KEPT.has(name)) {
        assert.equal(preparation, undefined);
        return;
      }
      assert.ok(preparation !== undefined);
      const { signature } = inspection;
      const untouched = await answersOf(path, signature);
      const prepared = await answersOf(preparation.graph.path, signature);
      const largest = untouched.flatMap((tensors, at) =>
        tensors.map((tensor, output) => {
          const other = prepared[at]?.[output];
          assert.ok(other !== undefined);
          return difference(tensor, other);
        }),
      );
      assert.ok(Math.max(...largest) <= most, largest.join(" "));
      if (!isLight) return;
      // Without this the test says nothing: the answer depends on the input and is no even one.
      const [first, second] = untouched.slice(1).map(([tensor]) => tensor);
      assert.ok(first !== undefined && second !== undefined);
      assert.ok(difference(first, second) > 1e-3, "two inputs get one answer");
      assert.ok(Math.max(...numbersOf(first).map(Number)) > 3 / 1000, "all classes are alike");
      const outside = preparation.weights.reduce((sum, { bytes }) => sum + bytes, 0);
      assert.ok(outside > statSync(path).size * 0.9, "the weights stand beside the graph");
    });
  }
});
