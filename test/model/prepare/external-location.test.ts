import assert from "node:assert/strict";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { encodeModel } from "../../../scripts/onnx/model.ts";
import { constant } from "../../../scripts/onnx/initializer.ts";
import { prepareModel } from "../../../src/model/prepare/prepared-model.ts";
import { originalFiles } from "../../../src/model/prepare/shipped.ts";
import { tempFolder } from "../../packager/support/temp-folder.ts";
import { network, weightsOf } from "./models.ts";

const SIZES = { inputs: 8, hidden: 64, outputs: 8 };
const DATA = Buffer.from(weightsOf(512).buffer);

function model(location: string, offsetBytes = 0, lengthBytes = DATA.length): Uint8Array {
  const graph = network(SIZES);
  const dims = [SIZES.inputs, SIZES.hidden];
  const w1 = { type: "float32", dims, location, offsetBytes, lengthBytes } as const;
  const others = (graph.constants ?? []).filter(({ name }) => name !== "w1");
  return encodeModel({ ...graph, constants: [...others, constant("w1", w1)] });
}

suite("external data", () => {
  test("in the folder or below it they are read, hard links as well", async (t) => {
    const folder = await tempFolder(t);
    const path = join(folder, "net.onnx");
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "original"), DATA);
    linkSync(join(folder, "original"), join(folder, "data", "w.bin"));
    writeFileSync(path, model("data/w.bin"));
    const options = { weights: "external" as const, cacheFolder: join(folder, "cache") };
    const { preparation, problems } = await prepareModel(path, options);
    assert.deepEqual(problems, []);
    assert.equal(preparation?.difference, 0);
    const { graph, weights } = await originalFiles(path);
    assert.equal(graph.name, "net.onnx");
    assert.deepEqual(
      weights.map(({ name, bytes }) => [name, bytes]),
      [["data/w.bin", DATA.length]],
    );
  });

  for (const [what, location, offset, length, named] of [
    ["a parent folder", "../w.bin", 0, DATA.length, /'\.\.\/w\.bin', which is no place inside/u],
    ["an absolute path", "/etc/passwd", 0, DATA.length, /no place inside/u],
    ["a climb in the middle", "data/../../w.bin", 0, DATA.length, /no place inside/u],
    ["a link", "link.bin", 0, DATA.length, /'link\.bin', which is a link/u],
    [
      "a linked folder that leads out",
      "out/w.bin",
      0,
      DATA.length,
      /leads out of the model's folder/u,
    ],
    ["nowhere", "gone.bin", 0, DATA.length, /cannot be read \(ENOENT\)/u],
    [
      "a range behind the end",
      "w.bin",
      4096,
      DATA.length,
      /ends at byte 6144 of 'w\.bin', which has 2048/u,
    ],
    ["a length that is not the tensor's", "w.bin", 0, 100, /is 100 bytes .* ask for 2048/u],
  ] as const) {
    test(`at ${what} they are refused with tensor and place`, async (t) => {
      const outside = await tempFolder(t);
      const folder = join(outside, "model");
      mkdirSync(folder);
      writeFileSync(join(outside, "w.bin"), DATA);
      writeFileSync(join(folder, "w.bin"), DATA);
      symlinkSync(join(folder, "w.bin"), join(folder, "link.bin"));
      symlinkSync(outside, join(folder, "out"));
      const path = join(folder, "net.onnx");
      writeFileSync(path, model(location, offset, length));
      const options = { weights: "external" as const, cacheFolder: join(outside, "cache") };
      const { inspection, problems } = await prepareModel(path, options);
      assert.equal(inspection, undefined);
      assert.equal(problems[0]?.code, "MODEL_EXTERNAL");
      assert.match(problems[0]?.message ?? "", named);
      assert.match(problems[0]?.message ?? "", /'w1'/u);
    });
  }
});
