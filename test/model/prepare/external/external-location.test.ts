import assert from "node:assert/strict";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { encodeModel } from "../../../../scripts/onnx/model.ts";
import { constant } from "../../../../scripts/onnx/initializer.ts";
import { bytesField, fieldsOf, joinBytes, varintField } from "../../../../src/model/protobuf.ts";
import { externalFilesOf } from "../../../../src/model/prepare/external/external-files.ts";
import { edgewrightJson } from "../../../support/edgewright.ts";
import { prepareModel } from "../../../../src/model/prepare/prepared-model.ts";
import { originalFiles } from "../../../../src/model/prepare/shipped.ts";
import { tempFolder } from "../../../packager/support/temp-folder.ts";
import { network, weightsOf } from "../models.ts";

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

  for (const written of ["0x10", "12ab", " 409", "4e+3"]) {
    test(`an offset written '${written}' is refused as it stands there`, async (t) => {
      const folder = await tempFolder(t);
      writeFileSync(join(folder, "w.bin"), Buffer.alloc(4096 + DATA.length));
      const bytes = Buffer.from(model("w.bin", 4096));
      bytes.write(written, bytes.indexOf("4096"));
      const path = join(folder, "net.onnx");
      writeFileSync(path, bytes);
      const { problems } = await prepareModel(path, { weights: "external", cacheFolder: folder });
      assert.equal(problems[0]?.code, "MODEL_EXTERNAL");
      assert.ok(problems[0]?.message.includes(`'w1' is at offset '${written}'`));
    });
  }

  test("a location with control characters is written out", async (t) => {
    const path = join(await tempFolder(t), "net.onnx");
    writeFileSync(path, model("\u001B[2J\n.bin"));
    const options = { weights: "external" as const, cacheFolder: join(path, "..") };
    const { problems } = await prepareModel(path, options);
    assert.match(problems[0]?.message ?? "", /is at '\\u001b\[2J\\u000a\.bin', which/u);
  });

  test("data of a node's constant are refused with the name they have, or without quotes", async (t) => {
    const path = join(await tempFolder(t), "net.onnx");
    for (const [name, named] of [
      ["bias", /the data of 'bias' is at '\.\.\/w\.bin'/u],
      [undefined, /the data of a constant of a node is at '\.\.\/w\.bin'/u],
    ] as const) {
      writeFileSync(path, withNodeConstant(encodeModel(network(SIZES)), "../w.bin", name));
      assert.throws(() => externalFilesOf(path), named);
    }
  });

  test("data of a node's constant that lead out have the place in the spec", async (t) => {
    const folder = await tempFolder(t);
    const bytes = withNodeConstant(encodeModel(network(SIZES)), "../w.bin", "bias");
    writeFileSync(join(folder, "net.onnx"), bytes);
    const spec = join(folder, "endpoint.yml");
    writeFileSync(spec, "name: pump\ndeployments:\n  blue:\n    model: {path: net.onnx}\n");
    const env = { XDG_CACHE_HOME: join(folder, "cache") };
    const { document } = await edgewrightJson(["validate", spec], { cwd: folder, env });
    const problem = document.problems.find(({ code }) => code === "MODEL_EXTERNAL");
    assert.equal(problem?.at?.line, 4, JSON.stringify(document.problems));
  });
});

/** With a node before the others, whose constant lies in a file. @source onnx/onnx: onnx/onnx.proto */
function withNodeConstant(onnx: Uint8Array, location: string, name?: string): Uint8Array {
  const words = (number: number, value: string): Uint8Array =>
    bytesField(number, Buffer.from(value));
  const constantTensor = joinBytes([
    varintField(1, 512),
    varintField(2, 1),
    ...(name === undefined ? [] : [words(8, name)]),
    bytesField(13, joinBytes([words(1, "location"), words(2, location)])),
    varintField(14, 1),
  ]);
  const attribute = joinBytes([
    words(1, "value"),
    bytesField(5, constantTensor),
    varintField(20, 4),
  ]);
  const node = joinBytes([words(2, "c"), words(4, "Constant"), bytesField(5, attribute)]);
  return joinBytes(
    [...fieldsOf(onnx)].map((field) =>
      field.number === 7 ? bytesField(7, joinBytes([bytesField(1, node), field.bytes])) : field.raw,
    ),
  );
}
