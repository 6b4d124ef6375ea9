import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { ask, post, servedScript, withoutPython } from "../../support/script.ts";

const PLAIN = `
def init():
    pass
def run(data):
    return {"got": data}
`;

const SCHEMA = `
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
def init():
    pass
@input_schema("num", Standard(1))
@input_schema("word", Standard("w"), optional=True)
@output_schema(Standard(1))
def run(num, word="default", request_headers=None):
    return [num, word, (request_headers or {}).get("Test-Header")]
`;

const RAW = `
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
def init():
    pass
@rawhttp
def run(request: AMLRequest, extra=7):
    files = {name: [f.filename, f.read().decode(), f.content_type] for name, f in request.files.items()}
    return [request.method, request.query_string.decode(), request.get_data(as_text=True)[:40],
            request.data.decode()[:40], dict(request.args), request.form.to_dict(), files,
            request.headers.get("x-one"), request.headers["X-One"] if "X-One" in request.headers else None, extra]
`;

void suite("what run() gets", { skip: withoutPython() }, () => {
  void test("undecorated: the body's text for POST, the query as JSON for GET", async (t) => {
    const { url } = await servedScript(t, PLAIN);
    const got = async (init: RequestInit, path?: string): Promise<unknown> => {
      const { status, text } = await ask(url, init, path);
      return status === 200 ? (JSON.parse(text) as { got: unknown }).got : [status, text];
    };
    const body = '{"a": [1, "é"]}';
    for (const type of ["application/json", "text/plain", "application/octet-stream", ""]) {
      const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
      const bytes = new TextEncoder().encode(body);
      assert.equal(await got({ method: "POST", body: bytes, headers }), body, type);
    }
    assert.equal(await got({ method: "POST", body: new Uint8Array() }), "");
    assert.equal(await got({ method: "POST", body: "\uFEFFx" }), "\uFEFFx");
    assert.equal(await got({}), "{}");
    assert.equal(
      await got({}, "/score?k=dict&a=1&a=[2]&b=null&e="),
      '{"k": "dict", "a": [1, [2]], "b": null, "e": ""}',
    );
  });

  void test("a form is an empty string, and the log says why", async (t) => {
    const { url, logged } = await servedScript(t, PLAIN);
    const body = new URLSearchParams({ a: "1" });
    const { text } = await ask(url, { method: "POST", body });
    assert.equal(text, '{"got": ""}');
    assert.equal((await logged(/x-www-form-urlencoded/)).level, "warn");
  });

  void test("what is not UTF-8 is 400 with the place of the fault", async (t) => {
    const { url } = await servedScript(t, PLAIN);
    const { status, text, headers } = await ask(url, {
      method: "POST",
      body: new Uint8Array([0xff]),
    });
    assert.equal(status, 400);
    assert.equal(
      text,
      `{"message": "Input cannot be decoded as UTF-8: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"}`,
    );
    assert.equal(headers.get("x-ms-run-function-failed"), "False");
    const gzip = await ask(url, {
      method: "POST",
      body: new Uint8Array([0x1f, 0x8b, 8]),
      headers: { "content-encoding": "gzip" },
    });
    assert.equal(gzip.status, 400);
    assert.match(gzip.text, /byte 0x8b in position 1/);
  });

  void test("OPTIONS is answered without run()", async (t) => {
    const { url } = await servedScript(t, PLAIN);
    const { status, text } = await ask(url, { method: "OPTIONS" });
    assert.deepEqual([status, text], [200, ""]);
  });

  void test("request_headers come with their names in title case", async (t) => {
    const { url } = await servedScript(
      t,
      `
def init():
    pass
def run(request_headers, data, more=3):
    return [data, request_headers["Test-Header"], request_headers.get("test-header"), more]
`,
    );
    const { text } = await post(url, "1", { "tEST-header": "v" });
    assert.equal(text, '["1", "v", null, 3]');
  });

  void test("@input_schema: fields of a JSON object or of the query, defaults, faults", async (t) => {
    const { url } = await servedScript(t, SCHEMA);
    const cases: readonly (readonly [string, string, number, string])[] = [
      ['{"num": 3}', "application/json", 200, '[3, "default", null]'],
      ['{"num": 3, "word": "x", "extra": 1}', "application/json", 200, '[3, "x", null]'],
      ['{"num": 3}', "application/vnd.api+json; charset=utf-8", 200, '[3, "default", null]'],
      ['{"num": 3}', "text/plain", 415, "Expects Content-Type to be application/json"],
      ["", "application/json", 400, "POST body is empty. Expecting a JSON dictionary."],
      [
        "{x",
        "application/json",
        400,
        "POST body could not be decoded as JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
      ],
      ["[1]", "application/json", 400, "POST body should be a JSON dictionary."],
      ["{}", "application/json", 400, "A value is not provided for the 'num' parameter."],
      [
        '{"num": "3"}',
        "application/json",
        500,
        "An unexpected error occurred in scoring script. Check the logs for more info.",
      ],
    ];
    for (const [body, type, status, expected] of cases) {
      const answer = await ask(url, { method: "POST", body, headers: { "content-type": type } });
      const text = status === 200 ? expected : `{"message": ${JSON.stringify(expected)}}`;
      assert.deepEqual([answer.status, answer.text], [status, text], `${type} ${body}`);
    }
    const got = await ask(url, { headers: { "test-header": "h" } }, "/score?num=4&word=a");
    assert.equal(got.text, '[4, "a", "h"]');
    assert.equal((await ask(url, { method: "OPTIONS" })).text, "");
  });

  void test("@rawhttp: the request itself, for every method", async (t) => {
    const { url } = await servedScript(t, RAW);
    const got = async (init: RequestInit, path?: string): Promise<unknown[]> =>
      JSON.parse((await ask(url, init, path)).text) as unknown[];
    assert.deepEqual(await got({ headers: { "x-one": "1" } }, "/score?a=1&b=%20x"), [
      "GET",
      "a=1&b=%20x",
      "",
      "",
      { a: "1", b: " x" },
      {},
      {},
      "1",
      "1",
      7,
    ]);
    assert.deepEqual((await got({ method: "POST", body: "data" })).slice(0, 4), [
      "POST",
      "",
      "data",
      "data",
    ]);
    assert.deepEqual((await got({ method: "OPTIONS" }))[0], "OPTIONS");
    const form = new FormData();
    form.set("field", "value é");
    form.set("file", new Blob(["contents"], { type: "image/png" }), "a.png");
    const [, , raw, data, , fields, files] = await got({ method: "POST", body: form });
    assert.match(String(raw), /^--/);
    assert.equal(data, "");
    assert.deepEqual(fields, { field: "value é" });
    assert.deepEqual(files, { file: ["a.png", "contents", "image/png"] });
  });

  void test("@rawhttp: who asks, and with which credential", async (t) => {
    const { url } = await servedScript(
      t,
      `from azureml_inference_server_http.api.aml_request import rawhttp
def init(): pass
@rawhttp
def run(request):
    credential = request.authorization
    environ = request.environ
    return [
        request.user_agent.string, request.scheme, request.is_secure,
        credential and [credential.type, credential.username, credential.password, credential.token],
        environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"],
        environ["CONTENT_LENGTH"], environ["HTTP_USER_AGENT"], environ["wsgi.input"].read().decode(),
    ]`,
    );
    const told = async (authorization: string): Promise<unknown> => {
      const headers = { "user-agent": "pump/1", authorization };
      const { text } = await ask(url, { method: "POST", body: "xyz", headers }, "/score?a=1");
      return JSON.parse(text);
    };
    const rest = ["POST", "/score", "a=1", "3", "pump/1", "xyz"];
    const before = ["pump/1", "http", false];
    const basic = `Basic ${Buffer.from("me:secret:word").toString("base64")}`;
    assert.deepEqual(await told(basic), [...before, ["basic", "me", "secret:word", null], ...rest]);
    assert.deepEqual(await told("Bearer abc"), [...before, ["bearer", null, null, "abc"], ...rest]);
    assert.deepEqual(await told("Basic ###"), [...before, null, ...rest]);
  });

  void test("OPTIONS of the home page tells what it allows", async (t) => {
    const { url } = await servedScript(t, "def init(): pass\ndef run(data): return 1");
    const { status, text, headers } = await ask(url, { method: "OPTIONS" }, "/");
    assert.deepEqual([status, text], [200, ""]);
    assert.match(headers.get("allow") ?? "", /GET, HEAD, OPTIONS/);
  });

  void test("@rawhttp: headers are pairs, and a mapping whatever the case", async (t) => {
    const { url } = await servedScript(
      t,
      `from azureml_inference_server_http.api.aml_request import rawhttp
def init():
    pass
@rawhttp
def run(request):
    headers = request.headers
    pairs = {}
    for name, value in headers:
        pairs[name] = value
    assert pairs == dict(headers) == dict(headers.items())
    return [pairs["X-One"], headers["x-oNE"], "x-two" in headers, headers.get("x-two", "none"),
            headers.getlist("X-ONE"), headers.get("x-one", type=int)]
`,
    );
    const { text } = await ask(url, { headers: { "x-one": "1" } });
    assert.equal(text, '["1", "1", false, "none", ["1"], 1]');
  });

  void test("a fault of the request's JSON inside @rawhttp is the script's own", async (t) => {
    const { url } = await servedScript(
      t,
      `
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
def init():
    pass
@rawhttp
def run(request):
    return AMLResponse(request.get_json(), 201, json_str=True)
`,
    );
    assert.deepEqual(await post(url, "[1]").then(({ status, text }) => [status, text]), [
      201,
      "[1]",
    ]);
    assert.equal((await post(url, "{")).status, 500);
  });
});
