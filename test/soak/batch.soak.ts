import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { listInputs } from "../../src/runtime/batch/input/inputs.ts";
import { batchWorkspace, jobArgs, linesOf, numberFiles } from "../support/batch.ts";
import { REPOSITORY, SHARED, withoutShared } from "../support/repository.ts";
import { withoutPython } from "../support/script.ts";

const BIN = `${REPOSITORY}bin/edgewright.js`;

function start(folder: string, output: string) {
  const args = [BIN, ...jobArgs(folder, output, ["--json"])];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  return { child, exit: once(child, "exit") as Promise<[number | null]> };
}

/** Processes whose environment names this output folder. */
function childrenOf(output: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      const environment = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/environ`, "latin1") : "";
      return environment.includes(`AZUREML_BI_OUTPUT_PATH=${output}`);
    } catch {
      return false;
    }
  }).length;
}

const SCRIPT = `
import os, time
def run(mini_batch):
    time.sleep(0.05)
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/scored", "a") as file:
        file.write("".join(path + "\\n" for path in mini_batch))
    return [os.path.basename(path) for path in mini_batch]
`;

void suite("batch jobs over a long time", () => {
  void test("200 kills in a job of 10,000 files", { skip: withoutPython() }, async (t) => {
    const count = 10_000;
    const settings = { max_concurrency_per_instance: "2", mini_batch_size: "5" };
    const { folder, job } = batchWorkspace(t, {
      script: SCRIPT,
      settings,
      files: numberFiles(count, 0),
    });
    const output = join(folder, "out");
    let kills = 0;
    for (; kills < 200; kills += 1) {
      const { child, exit } = start(folder, "out");
      // From before the first worker is there to well into the work.
      await Promise.race([exit, wait(250 + ((kills * 7919) % 600))]);
      if (child.exitCode !== null) break;
      child.kill("SIGKILL");
      await exit;
      for (let tries = 0; childrenOf(output) > 0; tries += 1) {
        assert.ok(tries < 100, "a child outlives the kill");
        await wait(20);
      }
    }
    assert.equal(kills, 200);
    assert.equal((await job("out")).code, 0);
    const wanted = Array.from({ length: count }, (_, index) => `f${index}.txt`).toSorted();
    assert.deepEqual(linesOf(folder, "out/append_row.txt"), wanted);
    const again = linesOf(folder, "out/scored").length - count;
    assert.ok(again <= kills * 2 * 5, `${again} files were scored again`);
    t.diagnostic(`${again} of ${count} files were scored again after ${kills} kills`);
  });

  void test("a CSV of 500 MB and 784 columns within 300 MB", { skip: withoutShared }, async (t) => {
    const { folder } = batchWorkspace(t, {
      deployment: `model: {name: m, version: 1, path: "${SHARED}models/mnist.onnx"}`,
      files: {},
    });
    mkdirSync(join(folder, "in"));
    const rows = Array.from({ length: 1000 }, (_, row) =>
      Array.from({ length: 784 }, (__, column) => ((row * 31 + column) % 256) / 256).join(","),
    );
    const block = Buffer.from(`${rows.join("\n")}\n`);
    const file = openSync(join(folder, "in/large.csv"), "w");
    let blocks = 0;
    for (let bytes = 0; bytes < 500e6; bytes += block.length, blocks += 1) writeSync(file, block);
    closeSync(file);
    const { child, exit } = start(folder, "out");
    let peakBytes = 0;
    const watch = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
        peakBytes = Math.max(peakBytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024);
      } catch {
        // It has ended.
      }
    }, 100);
    assert.equal((await exit)[0], 0);
    clearInterval(watch);
    t.diagnostic(`peak of ${Math.round(peakBytes / 1e6)} MB`);
    assert.ok(peakBytes < 300e6, `${peakBytes} bytes`);
    const lines = linesOf(folder, "out/append_row.txt");
    assert.equal(lines.length, blocks * 1000);
  });

  void test("a shard's list of a million files", async (t) => {
    const { folder } = batchWorkspace(t, { files: {} });
    const input = join(folder, "in");
    for (let index = 0; index < 1000; index += 1) {
      mkdirSync(join(input, String(index)), { recursive: true });
      for (let file = 0; file < 1000; file += 1) {
        writeFileSync(join(input, String(index), `${file}.bin`), "");
      }
    }
    assert.ok(existsSync(input));
    const begun = performance.now();
    const shard = { index: 1, count: 4 };
    const { files } = listInputs({ input, output: join(folder, "out"), shard });
    const ms = performance.now() - begun;
    t.diagnostic(`${files.length} files in ${Math.round(ms)} ms`);
    assert.ok(files.length > 240_000 && files.length < 260_000);
    assert.ok(ms < 3000, `${ms} ms`);
    assert.ok(process.memoryUsage.rss() < 300e6, `${process.memoryUsage.rss()} bytes`);
  });
});
