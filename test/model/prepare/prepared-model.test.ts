import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { copyFile, lstat } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { sampleFeeds } from "../../../src/core/tensors/sample.ts";
import { parseOnnxFile } from "../../../src/model/onnx-file.ts";
import { createSession } from "../../../src/model/onnxruntime.ts";
import { prepareModel } from "../../../src/model/prepare/prepared-model.ts";
import type { PreparedModel, WeightsMode } from "../../../src/model/prepare/prepared-model.ts";
import { encodeModel } from "../../../scripts/onnx/model.ts";
import { FIXTURE_MODELS, SHARED, withoutShared } from "../../support/repository.ts";
import { tempFolder } from "../../packager/support/temp-folder.ts";
import { floats } from "../../../scripts/onnx/initializer.ts";
import { tensor } from "../../../scripts/onnx/value-info.ts";
import { network, oldModel, weightsOf } from "./models.ts";

const SIZES = { inputs: 64, hidden: 300, outputs: 10 };

async function prepare(
  t: TestContext,
  bytes: Uint8Array,
  weights: WeightsMode = "external",
): Promise<PreparedModel & { readonly path: string }> {
  const folder = await tempFolder(t);
  const path = join(folder, "net.onnx");
  writeFileSync(path, bytes);
  return { path, ...(await prepareModel(path, { weights, cacheFolder: join(folder, "cache") })) };
}

suite("prepareModel", () => {
  test("constants leave the inputs, unused ones and documentation go, weights stand beside", async (t) => {
    const { inspection, preparation, problems } = await prepare(t, oldModel(SIZES));
    assert.deepEqual(problems, []);
    assert.ok(preparation !== undefined && inspection !== undefined);
    const { freedConstants, unusedConstants, documentationBytes } = preparation;
    assert.deepEqual([freedConstants, unusedConstants, documentationBytes], [3, 1, 40]);
    assert.equal(inspection.irVersion, 3);
    const file = parseOnnxFile(readFileSync(preparation.graph.path));
    assert.equal(file?.irVersion, 4);
    assert.deepEqual(
      file?.inputs.map(({ name }) => name),
      ["x"],
    );
    assert.equal(file?.initializerCount, 2);
    assert.ok(preparation.graph.bytes < 1000);
    assert.deepEqual(
      preparation.weights.map(({ name, bytes }) => [name, bytes]),
      // w1 of 76800 bytes ends at 18.75 pages, w2 begins at the next.
      [["weights-head.bin", 77_824 + 12_000]],
    );
    assert.ok(preparation.samples >= 4);
    assert.ok(preparation.difference <= 1e-5);
    for (const { path, sha256 } of [preparation.graph, ...preparation.weights]) {
      assert.ok((await lstat(path)).isFile());
      assert.equal(createHash("sha256").update(readFileSync(path)).digest("hex"), sha256);
    }
  });

  test("weights inside the graph: one file with the same constants", async (t) => {
    const { preparation, inspection } = await prepare(t, oldModel(SIZES), "inline");
    assert.deepEqual(preparation?.weights, []);
    assert.ok((preparation?.graph.bytes ?? 0) > 88_000);
    assert.ok((preparation?.graph.bytes ?? 0) < (inspection?.bytes ?? 0));
  });

  test("a second time nothing is made, and a damaged copy is made again", async (t) => {
    const first = await prepare(t, oldModel(SIZES));
    const options = { weights: "external" as const, cacheFolder: join(first.path, "../cache") };
    const graph = first.preparation?.graph.path ?? "";
    const { mtimeMs } = statSync(graph);
    const second = await prepareModel(first.path, options);
    assert.deepEqual(second.preparation, first.preparation);
    assert.equal(statSync(graph).mtimeMs, mtimeMs);
    truncateSync(first.preparation?.weights[0]?.path ?? "", 100);
    const third = await prepareModel(first.path, options);
    assert.deepEqual(third.preparation?.weights, first.preparation?.weights);
    assert.equal(statSync(third.preparation?.weights[0]?.path ?? "").size, 89_824);
  });

  test("a damaged record of a copy is thrown away, wherever the damage is", async (t) => {
    const first = await prepare(t, oldModel(SIZES));
    const options = { weights: "external" as const, cacheFolder: join(first.path, "../cache") };
    const record = join(first.preparation?.graph.path ?? "", "../prepared.json");
    for (const part of [0, 0.1, 0.2, 0.5, 0.99]) {
      const bytes = readFileSync(record);
      const at = Math.floor(part * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(record, bytes);
      const again = await prepareModel(first.path, options);
      assert.equal(again.inspection?.sha256, first.inspection?.sha256);
      assert.deepEqual(again.inspection?.signature, first.inspection?.signature);
      assert.deepEqual(again.inspection?.sample, first.inspection?.sample);
      assert.notDeepEqual(readFileSync(record), bytes, `byte ${at}`);
    }
  });

  test("a record of another model is thrown away", async (t) => {
    const first = await prepare(t, oldModel(SIZES));
    const options = { weights: "external" as const, cacheFolder: join(first.path, "../cache") };
    const record = join(first.preparation?.graph.path ?? "", "../prepared.json");
    const [, json = ""] = readFileSync(record, "utf8").split("\n");
    const other = json.replace(first.inspection?.sha256 ?? "", "0".repeat(64));
    const sum = createHash("sha256").update(other).digest("hex");
    writeFileSync(record, `${sum}\n${other}`);
    const again = await prepareModel(first.path, options);
    assert.equal(again.inspection?.sha256, first.inspection?.sha256);
  });

  test("a retrained head changes the head file and nothing else", async (t) => {
    const sizes = { inputs: 512, hidden: 1024, outputs: 10 };
    const old = await prepare(t, encodeModel(network(sizes)));
    const retrained = await prepare(t, encodeModel(network(sizes, 3)));
    const digests = ({ preparation }: PreparedModel): readonly string[] =>
      [preparation?.graph, ...(preparation?.weights ?? [])].map((file) => file?.sha256 ?? "");
    const [graph, body, head] = digests(old);
    const [newGraph, newBody, newHead] = digests(retrained);
    assert.equal(newGraph, graph);
    assert.equal(newBody, body);
    assert.notEqual(newHead, head);
  });

  test("many small constants: the head file is at most 1 MiB, gaps included", async (t) => {
    const names = Array.from({ length: 400 }, (_, at) => `c${at}`);
    const outputs = [...names.slice(1).map((name) => `after_${name}`), "y"];
    const bytes = encodeModel({
      name: "sums",
      inputs: [tensor("x", "float32", [300])],
      outputs: [tensor("y", "float32", [300])],
      constants: names.map((name, at) => floats(name, [300], weightsOf(300, at))),
      nodes: names.map((name, at) => ({
        op: "Add",
        inputs: [at === 0 ? "x" : (outputs[at - 1] ?? ""), name],
        outputs: [outputs[at] ?? ""],
      })),
    });
    const { preparation } = await prepare(t, bytes);
    const sizes = preparation?.weights.map(({ path }) => statSync(path).size);
    // 256 constants of 1200 bytes, each but the first at the next page; the other 144 lie below.
    assert.deepEqual(sizes, [143 * 4096 + 1200, 255 * 4096 + 1200]);
  });

  test("a prepared copy is prepared again: its external data are read and cut anew", async (t) => {
    const first = await prepare(t, oldModel(SIZES));
    const folder = await tempFolder(t);
    for (const { path, name } of [
      first.preparation?.graph,
      ...(first.preparation?.weights ?? []),
    ].flatMap((f) => f ?? []))
      await copyFile(path, join(folder, name));
    const again = await prepareModel(join(folder, "model.onnx"), {
      weights: "inline",
      cacheFolder: join(folder, "cache"),
    });
    assert.deepEqual(again.problems, []);
    assert.ok((again.preparation?.graph.bytes ?? 0) > 88_000);
    assert.equal(again.preparation?.difference, 0);
  });

  test("where no copy can be written the original is used, and a note says so", async (t) => {
    const folder = await tempFolder(t);
    writeFileSync(join(folder, "net.onnx"), oldModel(SIZES));
    writeFileSync(join(folder, "cache"), "a file");
    const { inspection, preparation, problems } = await prepareModel(join(folder, "net.onnx"), {
      weights: "external",
      cacheFolder: join(folder, "cache"),
    });
    assert.equal(preparation, undefined);
    assert.ok(inspection?.loadMs !== undefined);
    assert.deepEqual(
      problems.map(({ code, severity }) => [severity, code]),
      [["note", "MODEL_KEPT"]],
    );
  });

  test("what ONNX Runtime refuses is told as before, and nothing is kept", async (t) => {
    const folder = await tempFolder(t);
    const options = { weights: "external" as const, cacheFolder: folder };
    const { problems } = await prepareModel(`${FIXTURE_MODELS}custom-op.onnx`, options);
    assert.equal(problems[0]?.code, "MODEL_REFUSED");
    assert.deepEqual(readdirSync(join(folder, "models")), []);
  });

  test(
    "ultraface runs at least twice as fast, in one interleaved run",
    { skip: withoutShared },
    async (t) => {
      const path = `${SHARED}models/ultraface-rfb-320.onnx`;
      const cacheFolder = await tempFolder(t);
      const { inspection, preparation } = await prepareModel(path, {
        weights: "external",
        cacheFolder,
      });
      assert.ok(inspection !== undefined && preparation !== undefined);
      const { signature } = inspection;
      const before = await createSession(path, signature, { threads: 1 });
      const after = await createSession(preparation.graph.path, signature, { threads: 1 });
      const [feeds = {}] = sampleFeeds(signature).slice(1);
      const names = signature.outputs.map((output) => output.name);
      const time = (session: typeof before): number => {
        const start = performance.now();
        session.run(feeds, names);
        return performance.now() - start;
      };
      const ratios = Array.from({ length: 15 }, () => time(before) / time(after)).toSorted(
        (a, b) => a - b,
      );
      before.release();
      after.release();
      assert.ok((ratios[7] ?? 0) >= 2, ratios.join(" "));
    },
  );
});
