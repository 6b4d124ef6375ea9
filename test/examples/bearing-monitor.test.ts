/** Are the example's committed files what its training makes, and are the models as good as it says? */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadHeldOut } from "../../examples/bearing-monitor/held-out.ts";
import { makeArtifacts } from "../../examples/bearing-monitor/train/artifacts.ts";
import {
  accuracyOf,
  confusionOf,
  mostLikely,
} from "../../examples/bearing-monitor/train/classifiers/classifier.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1";
const { InferenceSession, Tensor } = await import("onnxruntime-node");

const FOLDER = new URL("../../../examples/bearing-monitor/", import.meta.url);
const MODELS = { blue: "bearing-mlp", green: "bearing-cnn" } as const;
type Deployment = keyof typeof MODELS;

const heldOut = loadHeldOut();

function open(deployment: Deployment) {
  const path = `models/${MODELS[deployment]}/1/model.onnx`;
  return InferenceSession.create(fileURLToPath(new URL(path, FOLDER)), { intraOpNumThreads: 1 });
}

/** Probabilities, row by row, of these windows in one batch. */
async function score(
  deployment: Deployment,
  windows: readonly Float32Array[],
): Promise<readonly Float32Array[]> {
  const session = await open(deployment);
  const data = Float32Array.from(windows.flatMap((window) => Array.from(window)));
  const results = await session.run({
    vibration: new Tensor("float32", data, [windows.length, 512]),
  });
  const probabilities = results["probabilities"];
  assert.deepEqual(probabilities?.dims, [windows.length, 4]);
  const all = probabilities?.data as Float32Array;
  return windows.map((_, n) => all.slice(n * 4, n * 4 + 4));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

suite("the bearing monitor's files", () => {
  test("training from the seeds gives the committed bytes", () => {
    const { files } = makeArtifacts();
    assert.equal(files.size, 5);
    for (const [path, bytes] of files) {
      assert.equal(sha256(bytes), sha256(readFileSync(new URL(path, FOLDER))), path);
    }
  });

  test("the held-out windows are 100 of each class, and a body carries one exactly", () => {
    assert.equal(heldOut.windows.length, 400);
    for (const label of heldOut.classes.keys()) {
      assert.equal(heldOut.labels.filter((other) => other === label).length, 100);
    }
    for (const [n, window] of heldOut.windows.entries()) {
      const body = JSON.parse(heldOut.body(n)) as { inputs: { vibration: number[][] } };
      assert.deepEqual(body.inputs.vibration.length, 1);
      assert.deepEqual(Float32Array.from(body.inputs.vibration[0] ?? []), window);
    }
    const request = readFileSync(new URL("data/request.json", FOLDER), "utf8");
    assert.equal(request, heldOut.body(0));
  });
});

suite("the bearing monitor's models", () => {
  const readme = readFileSync(new URL("README.md", FOLDER), "utf8");

  /** The rows of numbers under the heading `| blue | healthy | …`. */
  function readmeConfusion(deployment: Deployment): readonly (readonly number[])[] {
    const lines = readme.split("\n");
    const head = lines.findIndex(
      (line) => line.startsWith(`| ${deployment} `) && line.includes("inner-race"),
    );
    assert.ok(head >= 0, deployment);
    return lines.slice(head + 2, head + 6).map((line) => {
      const [, , ...cells] = line.split("|");
      return cells.slice(0, 4).map(Number);
    });
  }

  for (const deployment of ["blue", "green"] as const) {
    test(`${deployment} is as good on the held-out windows as the README says`, async () => {
      const rows = await score(deployment, heldOut.windows);
      for (const row of rows) {
        const sum = row.reduce((total, probability) => total + probability, 0);
        assert.ok(Math.abs(sum - 1) < 1e-5);
      }
      const confusion = confusionOf(heldOut.labels, rows.map(mostLikely));
      assert.deepEqual(confusion, readmeConfusion(deployment));
      const percent = (accuracyOf(confusion) * 100).toFixed(2);
      assert.ok(readme.includes(`${deployment}: ${percent} % right`), percent);
    });

    test(`${deployment} gives a window the same answer alone as in a batch`, async () => {
      const windows = heldOut.windows.slice(0, 8);
      const together = await score(deployment, windows);
      for (const [n, window] of windows.entries()) {
        const [alone] = await score(deployment, [window]);
        for (const [label, probability] of (together[n] ?? []).entries()) {
          assert.ok(Math.abs(probability - (alone?.[label] ?? NaN)) < 1e-5);
        }
      }
    });
  }

  test("both take and give tensors of the same names, types and shapes", async () => {
    const [blue, green] = [await open("blue"), await open("green")];
    assert.deepEqual(blue.inputMetadata, green.inputMetadata);
    assert.deepEqual(blue.outputMetadata, green.outputMetadata);
    assert.deepEqual(blue.inputNames, ["vibration"]);
    assert.deepEqual(blue.outputNames, ["probabilities"]);
  });

  test("an offset of the sensor changes no answer", async () => {
    const windows = heldOut.windows.slice(0, 40);
    const lifted = windows.map((window) => window.map((value) => value + 1));
    for (const deployment of ["blue", "green"] as const) {
      assert.deepEqual(
        (await score(deployment, lifted)).map(mostLikely),
        (await score(deployment, windows)).map(mostLikely),
      );
    }
  });
});
