/** A model of 1.9 GB becomes an image within bounds of memory and time, and an engine loads it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { totalmem, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, suite, test } from "node:test";

import { encodeModel } from "../../scripts/onnx/model.ts";
import { floats } from "../../scripts/onnx/initializer.ts";
import type { Graph } from "../../scripts/onnx/graph.ts";
import { tensor } from "../../scripts/onnx/value-info.ts";
import { docker, NO_ENGINE, removeImages } from "../packager/support/container.ts";
import { ownTag } from "../packager/support/own-names.ts";
import { NO_BASE } from "../packager/support/shared-cache.ts";
import { edgewright } from "../support/edgewright.ts";
import { REPOSITORY } from "../support/repository.ts";

const WIDTH = 8192;
const LAYERS = 7;
const MB = 1_000_000;
const OWN_PEAK_MB = 250;
const BESIDE_MODEL_MB = 500;
const MINUTES = 5;
const NEEDED_BYTES = 6 * 1024 * MB;

/** Fully connected layers, one after the other: 268 MB of weights each, no two files alike. */
function largeGraph(): Graph {
  const numbers = (seed: number): Float32Array => {
    const weights = new Float32Array(WIDTH * WIDTH);
    let state = seed;
    for (let index = 0; index < weights.length; index += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      weights[index] = (state / 2 ** 31) * 0.02;
    }
    return weights;
  };
  const layers = Array.from({ length: LAYERS }, (_, index) => index);
  return {
    name: "large",
    inputs: [tensor("x", "float32", ["n", WIDTH])],
    outputs: [tensor("y", "float32", ["n", WIDTH])],
    constants: layers.map((layer) => floats(`w${layer}`, [WIDTH, WIDTH], numbers(layer + 1))),
    nodes: layers.map((layer) => ({
      op: "MatMul",
      inputs: [layer === 0 ? "x" : `h${layer}`, `w${layer}`],
      outputs: [layer === LAYERS - 1 ? "y" : `h${layer + 1}`],
    })),
  };
}

/** In pieces: one write takes 2 GB at most. */
function writeLarge(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w");
  for (let at = 0; at < bytes.length;)
    at += writeSync(file, bytes, at, Math.min(256 * MB, bytes.length - at));
  closeSync(file);
}

function kbOf(pid: number, field: "VmRSS" | "VmHWM"): number {
  try {
    return Number(
      new RegExp(`${field}:\\s+(\\d+)`, "u").exec(
        readFileSync(`/proc/${pid}/status`, "utf8"),
      )?.[1] ?? 0,
    );
  } catch {
    return 0;
  }
}

/** The process and all below it. */
function treeOf(pid: number): readonly number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
        .split(" ")
        .filter(Boolean)
        .map(Number),
    );
    return [pid, ...children.flatMap(treeOf)];
  } catch {
    return [];
  }
}

async function buildMeasured(folder: string, archive: string) {
  const bin = `${REPOSITORY}bin/edgewright.js`;
  const args = [
    bin,
    "build",
    "--tag",
    ownTag("large"),
    "endpoint.yml",
    "--platform",
    "linux/amd64",
    "-o",
    `archive:${archive}`,
    "--json",
  ];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pid = child.pid ?? 0;
  let ownKb = 0;
  let treeKb = 0;
  const watch = setInterval(() => {
    ownKb = Math.max(ownKb, kbOf(pid, "VmHWM"));
    treeKb = Math.max(
      treeKb,
      treeOf(pid).reduce((sum, one) => sum + kbOf(one, "VmRSS"), 0),
    );
  }, 100);
  const start = performance.now();
  const [stdout, [code]] = await Promise.all([
    text(child.stdout),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  clearInterval(watch);
  assert.equal(code, 0, stdout);
  const { name } = JSON.parse(stdout) as { name: string };
  const mb = (kb: number): number => (kb * 1024) / MB;
  return {
    name,
    ownMb: mb(ownKb),
    treeMb: mb(treeKb),
    minutes: (performance.now() - start) / 60_000,
  };
}

const skip =
  NO_BASE || (totalmem() < NEEDED_BYTES ? "this machine has less than 6 GB of memory" : false);

suite("a model of 1.9 GB", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-large-"));
  after(() => rmSync(folder, { recursive: true }));

  test("becomes an image within bounds, and an engine loads it", async (t) => {
    const model = join(folder, "large.onnx");
    writeLarge(model, encodeModel(largeGraph()));
    const modelMb = statSync(model).size / MB;
    writeFileSync(
      join(folder, "endpoint.yml"),
      "name: large\ndeployments: {blue: {model: {path: ./large.onnx}}}\n",
    );
    // The base is downloaded and cached before: what is measured is the model.
    const warm = await edgewright(["base", "save", "assembled", "-o", join(folder, "base.tar")], {
      cwd: folder,
    });
    assert.equal(warm.code, 0, warm.stderr);
    const archive = join(folder, "out.tar");
    const { name, ownMb, treeMb, minutes } = await buildMeasured(folder, archive);
    t.diagnostic(
      `model ${modelMb} MB, own peak ${ownMb} MB, with children ${treeMb} MB, ${minutes} min`,
    );
    assert.ok(ownMb <= OWN_PEAK_MB, `own peak ${ownMb} MB`);
    assert.ok(treeMb <= modelMb + BESIDE_MODEL_MB, `${treeMb} MB with children`);
    assert.ok(minutes <= MINUTES, `${minutes} minutes`);
    if (NO_ENGINE !== false) return;
    t.after(() => removeImages(name));
    const stream = await docker.loadImage(archive);
    stream.resume();
    await once(stream, "end");
    assert.equal((await docker.getImage(name).inspect()).Architecture, "amd64");
  });
});
