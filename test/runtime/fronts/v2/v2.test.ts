import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { gunzipSync, gzipSync, inflateSync, deflateSync } from "node:zlib";

import { FIXTURE_MODELS } from "../../../support/repository.ts";
import { served } from "../../../support/served.ts";

const JSON_LENGTH = "inference-header-content-length";

suite("Open Inference Protocol v2", async () => {
  const { url, stop } = await served({
    blue: { path: `${FIXTURE_MODELS}double.onnx`, traffic: 100 },
    types: { path: `${FIXTURE_MODELS}types.onnx`, traffic: 0 },
    scalar: { path: `${FIXTURE_MODELS}scalar.onnx`, traffic: 0 },
    two: { path: `${FIXTURE_MODELS}two-outputs.onnx`, traffic: 0 },
  });
  after(() => stop());

  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      body: JSON.parse(text) as Record<string, unknown>,
      headers: response.headers,
    };
  };
  const infer = (model: string, body: unknown, headers: Record<string, string> = {}) =>
    get(`/v2/models/${model}/infer`, { method: "POST", body: JSON.stringify(body), headers });
  const x = { name: "x", shape: [1, 3], datatype: "FP32", data: [1, 2, 3] };

  test("health, readiness and server metadata", async () => {
    assert.deepEqual((await get("/v2/health/live")).body, { live: true });
    assert.deepEqual((await get("/v2/health/ready")).body, { ready: true });
    for (const path of ["/v2", "/v2/"]) {
      const { body } = await get(path);
      assert.equal(body["name"], "edgewright");
      assert.deepEqual(body["extensions"], ["binary_tensor_data", "model_repository"]);
    }
  });

  test("a model is the endpoint or a deployment, with or without its version", async () => {
    for (const model of ["test", "blue", "BLUE", "blue/versions/1"]) {
      const { status, body } = await get(`/v2/models/${model}`);
      assert.equal(status, 200, model);
      assert.equal(body["name"], model.split("/")[0]);
      assert.deepEqual(body["inputs"], [{ name: "x", datatype: "FP32", shape: [-1, 3] }]);
      assert.deepEqual(body["versions"], ["1"]);
      const ready = await get(`/v2/models/${model}/ready`);
      assert.deepEqual(ready.body, { name: model.split("/")[0], ready: true });
      const inferred = await infer(model, { inputs: [x] });
      assert.equal(inferred.body["model_name"], model.split("/")[0]);
    }
  });

  test("a deployment is pinned, also without traffic", async () => {
    const { headers } = await infer("two", { inputs: [x] });
    assert.equal(headers.get("azureml-model-deployment"), "two");
  });

  test("the request's id comes back, and outputs may be chosen", async () => {
    const { body: metadata } = await get("/v2/models/two");
    const [{ name: inputName = "" } = {}] = metadata["inputs"] as { name?: string }[];
    const all = await infer("two", {
      id: "abc",
      inputs: [{ name: inputName, shape: [1, 2], data: [1, 2] }],
    });
    assert.equal(all.body["id"], "abc");
    const names = (all.body["outputs"] as { name: string }[]).map(({ name }) => name);
    assert.equal(names.length, 2);
    const some = await infer("two", {
      inputs: [{ name: inputName, data: [1, 2] }],
      outputs: [{ name: names[1] }],
    });
    assert.deepEqual(
      (some.body["outputs"] as { name: string }[]).map(({ name }) => name),
      [names[1]],
    );
  });

  test("scalars go in and out", async () => {
    const { body: metadata } = await get("/v2/models/scalar");
    const [input] = metadata["inputs"] as { name: string; shape: number[] }[];
    assert.deepEqual(input?.shape, []);
    const { status, body } = await infer("scalar", {
      inputs: [{ name: input?.name, shape: [], datatype: "FP32", data: [4] }],
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual((body["outputs"] as { shape: number[] }[])[0]?.shape, []);
  });

  test("the repository index lists the deployments", async () => {
    const post = (body: string) => fetch(`${url}/v2/repository/index`, { method: "POST", body });
    const all = (await (await post("")).json()) as { name: string; state: string }[];
    assert.deepEqual(all.map(({ name }) => name).toSorted(), ["blue", "scalar", "two", "types"]);
    assert.ok(all.every(({ state }) => state === "READY"));
    assert.equal(((await (await post('{"ready": true}')).json()) as unknown[]).length, 4);
    assert.equal((await post("{")).status, 400);
  });

  const faults: readonly (readonly [string, string, string, number, RegExp])[] = [
    ["an unknown model", "nope", JSON.stringify({ inputs: [x] }), 404, /no model 'nope'/],
    [
      "an unknown version",
      "blue/versions/9",
      JSON.stringify({ inputs: [x] }),
      404,
      /no version '9'/,
    ],
    ["malformed JSON", "blue", '{"inputs": [', 400, /at byte 12/],
    ["an empty body", "blue", "", 400, /empty/],
    ["no inputs", "blue", "{}", 400, /"inputs" is absent/],
    ["an empty list of inputs", "blue", '{"inputs": []}', 400, /no value for input 'x'/],
    [
      "a wrong shape",
      "blue",
      JSON.stringify({ inputs: [{ ...x, shape: [3, 1] }] }),
      400,
      /\[3,1\], expected float32 \[batch,3\]/,
    ],
    [
      "a wrong type",
      "blue",
      JSON.stringify({ inputs: [{ ...x, datatype: "INT32" }] }),
      400,
      /INT32, expected FP32/,
    ],
    [
      "too few values",
      "blue",
      JSON.stringify({ inputs: [{ ...x, data: [1] }] }),
      400,
      /1 elements/,
    ],
    [
      "a string among floats",
      "blue",
      JSON.stringify({ inputs: [{ ...x, data: ["a", 1, 2] }] }),
      400,
      /"a", expected float32/,
    ],
    [
      "an unknown output",
      "blue",
      JSON.stringify({ inputs: [x], outputs: [{ name: "z" }] }),
      400,
      /output 'z'/,
    ],
    [
      "an id that is no string",
      "blue",
      JSON.stringify({ id: 7, inputs: [x] }),
      400,
      /"id" is a number/,
    ],
  ];
  for (const [name, model, body, status, message] of faults) {
    test(`${name} is ${status}, as {"error": text}`, async () => {
      const answer = await get(`/v2/models/${model}/infer`, { method: "POST", body });
      assert.equal(answer.status, status);
      assert.deepEqual(Object.keys(answer.body), ["error"]);
      assert.match(String(answer.body["error"]), message);
    });
  }

  test("a method that a path does not take is 405, and a path that is none 404", async () => {
    assert.equal((await get("/v2/models/blue/infer")).status, 405);
    assert.equal((await get("/v2/health/live", { method: "POST" })).status, 405);
    assert.equal((await get("/v2/nowhere")).status, 404);
    assert.equal((await get("/v2/models/%zz")).status, 404);
  });

  test("gzip and deflate are taken, and given to who asks", async () => {
    const big = {
      name: "x",
      shape: [400, 3],
      datatype: "FP32",
      data: Array.from({ length: 1200 }, (_, i) => i / 7),
    };
    const body = JSON.stringify({ inputs: [big] });
    for (const [encoding, pack, unpack] of [
      ["gzip", gzipSync, gunzipSync],
      ["deflate", deflateSync, inflateSync],
    ] as const) {
      const response = await rawFetch(`${url}/v2/models/blue/infer`, pack(body), {
        "content-encoding": encoding,
        "accept-encoding": encoding,
      });
      assert.equal(response.headers["content-encoding"], encoding);
      const answer = JSON.parse(unpack(response.body).toString()) as {
        outputs: { data: number[] }[];
      };
      assert.equal(answer.outputs[0]?.data.length, 1200);
    }
    const bomb = await get("/v2/models/blue/infer", {
      method: "POST",
      body: gzipSync(Buffer.alloc(200 * 1024 * 1024)),
      headers: { "content-encoding": "gzip" },
    });
    assert.equal(bomb.status, 413);
    assert.match(
      String(bomb.body["error"]),
      /^the body of \d+ bytes unpacks to more than \d+ bytes; .* 100 times its size/,
    );
    const noise = await get("/v2/models/blue/infer", {
      method: "POST",
      body: "noise",
      headers: { "content-encoding": "gzip" },
    });
    assert.equal(noise.status, 400);
  });

  suite("binary tensors", () => {
    const send = async (path: string, json: unknown, ...tensors: readonly Uint8Array[]) => {
      const head = Buffer.from(json === undefined ? "" : JSON.stringify(json));
      const response = await rawFetch(`${url}${path}`, Buffer.concat([head, ...tensors]), {
        "content-type": "application/octet-stream",
        [JSON_LENGTH]: String(head.length),
      });
      const length = Number(response.headers[JSON_LENGTH] ?? response.body.length);
      return {
        status: response.status,
        json: JSON.parse(response.body.subarray(0, length).toString()) as Record<string, unknown>,
        rest: response.body.subarray(length),
      };
    };
    const floats = Buffer.from(new Float32Array([1, 2, 3]).buffer);
    const input = {
      name: "x",
      shape: [1, 3],
      datatype: "FP32",
      parameters: { binary_data_size: 12 },
    };

    test("a binary input gets a JSON answer, and a binary one where it is asked for", async () => {
      const json = await send("/v2/models/blue/infer", { inputs: [input] }, floats);
      assert.deepEqual((json.json["outputs"] as { data: number[] }[])[0]?.data, [2, 4, 6]);
      for (const asked of [
        { parameters: { binary_data_output: true } },
        { outputs: [{ name: "y", parameters: { binary_data: true } }] },
      ]) {
        const { json: head, rest } = await send(
          "/v2/models/blue/infer",
          { inputs: [input], ...asked },
          floats,
        );
        const [output] = head["outputs"] as { parameters: unknown; data?: unknown }[];
        assert.deepEqual(output?.parameters, { binary_data_size: 12 });
        assert.equal(output?.data, undefined);
        assert.deepEqual([...new Float32Array(new Uint8Array(rest).buffer)], [2, 4, 6]);
      }
    });

    test("an output's own wish wins over the request's", async () => {
      const { json, rest } = await send(
        "/v2/models/blue/infer",
        {
          inputs: [input],
          parameters: { binary_data_output: true },
          outputs: [{ name: "y", parameters: { binary_data: false } }],
        },
        floats,
      );
      assert.deepEqual((json["outputs"] as { data: number[] }[])[0]?.data, [2, 4, 6]);
      assert.equal(rest.length, 0);
    });

    test("a raw body, said so by a length of 0, is answered in binary", async () => {
      const { json, rest } = await send("/v2/models/blue/infer", undefined, floats);
      assert.deepEqual((json["outputs"] as { shape: number[] }[])[0]?.shape, [1, 3]);
      assert.deepEqual([...new Float32Array(new Uint8Array(rest).buffer)], [2, 4, 6]);
    });

    test("raw bytes on /score are answered with raw bytes", async () => {
      const { body } = await rawFetch(`${url}/score`, floats, {
        "content-type": "application/octet-stream",
      });
      assert.deepEqual([...new Float32Array(new Uint8Array(body).buffer)], [2, 4, 6]);
    });

    test("every type, at any alignment, comes back as the same bytes", async () => {
      const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
      const tensors: Readonly<Record<string, readonly [string, Buffer]>> = {
        bool: ["BOOL", bytes(1, 0)],
        uint8: ["UINT8", bytes(0, 255)],
        int8: ["INT8", bytes(128, 127)],
        float32: ["FP32", Buffer.from(new Float32Array([Number.NaN, -0]).buffer)],
        uint16: ["UINT16", Buffer.from(new Uint16Array([1, 65535]).buffer)],
        int16: ["INT16", Buffer.from(new Int16Array([-32768, 2]).buffer)],
        float16: ["FP16", bytes(0, 0x3c, 0, 0x7c)],
        string: ["BYTES", bytes(2, 0, 0, 0, 0xc3, 0xb6, 0, 0, 0, 0)],
        int32: ["INT32", Buffer.from(new Int32Array([-5, 5]).buffer)],
        uint32: ["UINT32", Buffer.from(new Uint32Array([5, 4294967295]).buffer)],
        int64: ["INT64", Buffer.from(new BigInt64Array([-(2n ** 63n), 7n]).buffer)],
        uint64: ["UINT64", Buffer.from(new BigUint64Array([2n ** 64n - 1n, 7n]).buffer)],
        float64: ["FP64", Buffer.from(new Float64Array([0.1, -Infinity]).buffer)],
      };
      const entries = Object.entries(tensors);
      const { status, json, rest } = await send(
        "/v2/models/types/infer",
        {
          inputs: entries.map(([type, [datatype, data]]) => ({
            name: `in_${type}`,
            shape: [1, 2],
            datatype,
            parameters: { binary_data_size: data.length },
          })),
          outputs: entries.map(([type]) => ({
            name: `out_${type}`,
            parameters: { binary_data: true },
          })),
        },
        ...entries.map(([, [, data]]) => data),
      );
      assert.equal(status, 200, JSON.stringify(json));
      assert.deepEqual(rest, Buffer.concat(entries.map(([, [, data]]) => data)));
    });

    const wrong: readonly (readonly [string, unknown, Uint8Array, RegExp])[] = [
      [
        "fewer bytes than announced",
        { inputs: [input] },
        floats.subarray(0, 8),
        /takes 12 bytes after the JSON, 8 are left/,
      ],
      [
        "more bytes than announced",
        { inputs: [input] },
        Buffer.concat([floats, floats]),
        /24 bytes follow the JSON, its inputs take 12/,
      ],
      [
        "a size that is not the shape's",
        { inputs: [{ ...input, shape: [2, 3] }] },
        floats,
        /12 bytes, expected 24/,
      ],
      [
        "a size that is no size",
        { inputs: [{ ...input, parameters: { binary_data_size: -1 } }] },
        floats,
        /no size/,
      ],
      [
        "no shape",
        { inputs: [{ name: "x", parameters: { binary_data_size: 12 } }] },
        floats,
        /"shape" that is no list/,
      ],
      [
        "a flag that is none",
        { inputs: [input], parameters: { binary_data_output: "yes" } },
        floats,
        /expected true or false/,
      ],
    ];
    for (const [name, json, bytes, message] of wrong) {
      test(`${name} is 400`, async () => {
        const answer = await send("/v2/models/blue/infer", json, bytes);
        assert.equal(answer.status, 400);
        assert.match(String(answer.json["error"]), message);
      });
    }

    test("a length of the JSON beyond the body is 400", async () => {
      const { status, body } = await rawFetch(`${url}/v2/models/blue/infer`, Buffer.from("{}"), {
        [JSON_LENGTH]: "9999",
      });
      assert.equal(status, 400);
      assert.match(body.toString(), /9999, expected at most the body's 2 bytes/);
    });
  });
});

/** fetch would unpack what it gets. */
async function rawFetch(url: string, body: Uint8Array, headers: Record<string, string>) {
  const { request } = await import("node:http");
  const { buffer } = await import("node:stream/consumers");
  return new Promise<{ status: number; headers: Record<string, string>; body: Buffer }>(
    (resolve, reject) => {
      const sent = request(url, { method: "POST", headers }, (response) => {
        buffer(response).then(
          (answer) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers as Record<string, string>,
              body: answer,
            }),
          reject,
        );
      });
      sent.once("error", reject);
      sent.end(body);
    },
  );
}
