import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { after, before, suite, test } from "node:test";

import { allocate, elementCount } from "../../../src/core/tensors/tensor.ts";
import type { Tensor } from "../../../src/core/tensors/tensor.ts";
import { inspectModel } from "../../../src/model/inspect.ts";
import { createSession } from "../../../src/model/onnxruntime.ts";
import { FIXTURE_MODELS, SHARED, withoutShared } from "../../support/repository.ts";
import { post, servedScript, withoutPython } from "../../support/script.ts";
import type { ServedScript } from "../../support/script.ts";

/** Opens the models it is told to, and answers with the bits of their outputs. */
const RUNS_MODELS = `
import base64, json, struct, sys
NUMPY = __NUMPY__
if not NUMPY:
    sys.modules["numpy"] = None
import onnxruntime
if NUMPY:
    import numpy
def init():
    pass
def tensor(given, want):
    if given["type"] == "string":
        values = given["texts"]
        for size in reversed(given["dims"][1:]):
            values = [values[at:at + size] for at in range(0, len(values), size)]
        return values if given["dims"] else values[0]
    raw = base64.b64decode(given["bits"])
    if NUMPY:
        return numpy.frombuffer(raw, dtype=given["type"]).reshape(given["dims"])
    return onnxruntime.TypedBuffer(bytearray(raw), given["type"], given["dims"])
def bits(value):
    if isinstance(value, list):
        return [bits(each) for each in value]
    if isinstance(value, dict):
        return {str(key): struct.pack("<f", each).hex() if isinstance(each, float) else each for key, each in value.items()}
    dtype = str(value.dtype)
    if dtype == "object":
        return ["string", list(value.shape), value.ravel().tolist() if NUMPY else value.flat()]
    return [dtype, list(value.shape), base64.b64encode(value.tobytes()).decode()]
def run(data):
    asked = json.loads(data)
    model = open(asked["path"], "rb").read() if asked.get("bytes") else asked["path"]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    want = {each.name: each for each in session.get_inputs()}
    feeds = {name: tensor(given, want[name]) for name, given in asked["feeds"].items()}
    return [bits(value) for value in session.run([each.name for each in session.get_outputs()], feeds)]
`;

const folders = [FIXTURE_MODELS, ...(withoutShared ? [] : [`${SHARED}models/`])];
/** Those that no engine loads, and one whose only output Node has no value for. */
const REFUSED = new Set(["superres_pp.onnx", "custom-op.onnx", "sequence-only.onnx"]);
const models = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".onnx") && !REFUSED.has(name))
    .map((name) => folder + name),
);

function feedFor(type: Tensor["type"], dims: readonly number[]): Tensor {
  const count = elementCount(dims);
  const data = allocate(type, count) as { [index: number]: unknown };
  for (let index = 0; index < count; index += 1) {
    if (type === "string") data[index] = `Text ${index} é`;
    else if (type === "float16") data[index] = 0x3c00 + ((index * 37) % 1024);
    else if (type === "int64" || type === "uint64") data[index] = BigInt(index % 2);
    else if (type === "float32" || type === "float64") data[index] = ((index * 37) % 256) / 16;
    else data[index] = index % 2;
  }
  return { type, dims, data } as unknown as Tensor;
}

function given({ type, dims, data }: Tensor): object {
  if (type === "string") return { type, dims, texts: data };
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return { type, dims, bits: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
}

async function askModel(path: string) {
  const { inspection } = await inspectModel(path);
  assert.ok(inspection, path);
  const { signature } = inspection;
  const feeds = Object.fromEntries(
    signature.inputs.map(({ name, type, shape }) => {
      const dims = (shape ?? [2]).map((dim) => (typeof dim === "number" ? dim : 2));
      return [name, feedFor(type, dims)];
    }),
  );
  return { signature, feeds };
}

for (const numpy of [true, false]) {
  const title = `import onnxruntime ${numpy ? "with" : "without"} numpy`;
  const skip = withoutPython(...(numpy ? ["numpy"] : []));
  void suite(title, { skip }, () => {
    const cleanUp: (() => unknown)[] = [];
    let script: ServedScript;
    before(async () => {
      const source = RUNS_MODELS.replace("__NUMPY__", numpy ? "True" : "False");
      script = await servedScript(
        { after: (done) => cleanUp.push(done as () => unknown) },
        source,
        {
          deployment: { requestTimeoutMs: 60_000 },
          env: { AZUREML_MODEL_DIR: FIXTURE_MODELS },
        },
      );
    });
    after(async () => {
      for (const done of cleanUp.toReversed()) await done();
    });

    for (const path of models) {
      void test(`${path.split("/").at(-1)} gives the bits that Node gets`, async (t) => {
        const { signature, feeds } = await askModel(path);
        const session = await createSession(path, signature, { threads: 1 }).catch(
          (error: Error) => error,
        );
        const asked = Object.fromEntries(
          Object.entries(feeds).map(([name, tensor]) => [name, given(tensor)]),
        );
        const { status, text } = await post(script.url, JSON.stringify({ path, feeds: asked }));
        if (session instanceof Error) {
          assert.equal(status, 500);
          return;
        }
        const names = signature.outputs.map(({ name }) => name);
        const truth = tryRun(() => session.run(feeds, names));
        session.release();
        if (truth === undefined) {
          t.diagnostic("the model refuses this input, in both");
          assert.equal(status, 500);
          return;
        }
        assert.equal(status, 200, text);
        const got = JSON.parse(text) as unknown[];
        signature.outputs.forEach(({ labels }, index) => {
          assertSameBits(got[index], truth[index] as Tensor, labels);
        });
      });
    }

    void test("a sequence of tensors is a list of them", async () => {
      const path = `${FIXTURE_MODELS}sequence-only.onnx`;
      const { feeds } = await askModel(path);
      const [[name, tensor] = ["", undefined]] = Object.entries(feeds);
      assert.ok(tensor);
      const asked = { path, feeds: { [name]: given(tensor) } };
      const { status, text } = await post(script.url, JSON.stringify(asked));
      assert.equal(status, 200, text);
      const [parts] = JSON.parse(text) as [[string, number[], string][]];
      const bits = Buffer.concat(parts.map(([, , part]) => Buffer.from(part, "base64")));
      assert.equal(bits.toString("base64"), (given(tensor) as { bits: string }).bits);
    });

    void test("weights beside the model are found from a path and from bytes", async () => {
      const path = `${FIXTURE_MODELS}external.onnx`;
      assert.ok(existsSync(`${dirname(path)}/external.bin`));
      const { feeds } = await askModel(path);
      const asked = Object.fromEntries(
        Object.entries(feeds).map(([name, tensor]) => [name, given(tensor)]),
      );
      const [fromPath, fromBytes] = await Promise.all(
        [false, true].map((bytes) =>
          post(script.url, JSON.stringify({ path, bytes, feeds: asked })),
        ),
      );
      assert.equal(fromPath?.status, 200);
      assert.equal(fromBytes?.text, fromPath?.text);
    });
  });
}

function tryRun<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function assertSameBits(got: unknown, { type, dims, data }: Tensor, labels?: readonly string[]) {
  if (labels !== undefined) {
    // A list of maps there, one tensor of all values here.
    const rows = got as readonly Readonly<Record<string, string>>[];
    const values = rows.flatMap((row) => labels.map((label) => row[label]));
    const bits = Array.from(data as Float32Array, (value) => {
      const word = Buffer.alloc(4);
      word.writeFloatLE(value);
      return word.toString("hex");
    });
    assert.deepEqual(values, bits);
    return;
  }
  const [, shape, bits] = got as [string, number[], unknown];
  assert.deepEqual(shape, [...dims]);
  if (type === "string") assert.deepEqual(bits, data);
  else {
    const { buffer, byteOffset, byteLength } = data as Uint8Array;
    const expected = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
    assert.ok(bits === expected, "the bits differ");
  }
}

void suite("what the stand-in offers beside runs", { skip: withoutPython("numpy") }, () => {
  void test("names, shapes, metadata, providers, options and errors as scripts use them", async (t) => {
    const source = `
import json, warnings
import numpy as np
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument, NoSuchFile
def caught(action):
    try:
        return action()
    except Exception as error:
        return [type(error).__name__, str(error)]
def init():
    global session, warned
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = 64
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        session = ort.InferenceSession(${JSON.stringify(`${FIXTURE_MODELS}double.onnx`)}, options, ["CUDAExecutionProvider", "CPUExecutionProvider"])
    warned = [str(each.message) for each in seen]
def run(data):
    x = session.get_inputs()[0]
    row = np.ones((1, 3), np.float32)
    return {
        "input": [x.name, x.type, x.shape],
        "outputs": [o.name for o in session.get_outputs()],
        "providers": session.get_providers(),
        "version": ort.__version__,
        "graph": session.get_modelmeta().graph_name,
        "warned": warned,
        "missing": caught(lambda: session.run(None, {})),
        "unknown": caught(lambda: session.run(["nope"], {x.name: row})),
        "wrong": caught(lambda: session.run(None, {x.name: np.ones((1, 3), np.int32)})),
        "file": caught(lambda: ort.InferenceSession("/nowhere.onnx")),
        "type": caught(lambda: ort.InferenceSession(7)),
        "absent": caught(lambda: ort.OrtValue),
        "binding": caught(lambda: session.io_binding()),
        "option": caught(lambda: setattr(ort.SessionOptions(), "no_such", 1)),
        "strided": session.run(None, {x.name: np.ones((3, 1), np.float32).T})[0].tolist(),
        "classes": [NoSuchFile.__name__, InvalidArgument.__name__],
    }
`;
    const { url } = await servedScript(t, source);
    const { status, text } = await post(url, "1");
    assert.equal(status, 200, text);
    const got = JSON.parse(text) as Record<string, unknown> & Record<string, [string, string]>;
    assert.deepEqual(got["input"], ["x", "tensor(float)", ["batch", 3]]);
    assert.deepEqual(got["outputs"], ["y"]);
    assert.deepEqual(got["providers"], ["CPUExecutionProvider"]);
    const { version } = JSON.parse(
      readFileSync(
        new URL("../../../../node_modules/onnxruntime-node/package.json", import.meta.url),
        "utf8",
      ),
    ) as { version: string };
    assert.equal(got["version"], version);
    assert.match(String(got["warned"]), /CUDAExecutionProvider.*CPUExecutionProvider/);
    const errors: Readonly<Record<string, readonly [string, RegExp]>> = {
      missing: ["ValueError", /Required inputs \(\['x'\]\) are missing/],
      unknown: ["InvalidArgument", /2 : INVALID_ARGUMENT : Invalid output name: ?nope/],
      wrong: ["InvalidArgument", /Unexpected input data type/],
      file: ["NoSuchFile", /3 : NO_SUCHFILE/],
      type: ["TypeError", /Unable to load from type '<class 'int'>'/],
      absent: ["AttributeError", /onnxruntime\.OrtValue is not offered here/],
      binding: ["AttributeError", /InferenceSession\.io_binding is not offered here/],
      option: ["AttributeError", /SessionOptions\.no_such is not offered here/],
    };
    for (const [name, [kind, pattern]] of Object.entries(errors)) {
      assert.equal(got[name]?.[0], kind, name);
      assert.match(got[name]?.[1] ?? "", pattern);
    }
    assert.deepEqual(got["strided"], [[2, 2, 2]]);
  });

  void test("a package of that name that is installed goes before it", async (t) => {
    const { url } = await servedScript(
      t,
      "import onnxruntime\ndef init():\n    pass\ndef run(data):\n    return onnxruntime.WHO\n",
      { files: { "onnxruntime.py": "WHO = 'the script folder'\n" } },
    );
    assert.equal((await post(url, "1")).text, '"the script folder"');
  });
});
