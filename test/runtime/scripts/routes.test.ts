import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { ask, post, servedScript, servedScripts, withoutPython } from "../../support/script.ts";

const ECHO = `
import json
def init():
    pass
def run(data):
    if "fail" in data:
        raise RuntimeError
    return json.loads(data)
`;

const NOT_FOUND =
  '{"message": "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."}';

void suite("the routes of an endpoint with a script", { skip: withoutPython() }, () => {
  void test("health, unknown addresses and wrong methods", async (t) => {
    const { url } = await servedScript(t, ECHO);
    const health = await ask(url, {}, "/");
    assert.deepEqual([health.status, health.text], [200, "Healthy"]);
    assert.equal(health.headers.get("content-type"), "text/html; charset=utf-8");
    for (const path of ["/nothing", "/score/"]) {
      const { status, text, headers } = await ask(url, {}, path);
      assert.deepEqual([status, text], [404, NOT_FOUND], path);
      assert.equal(headers.get("x-ms-run-function-failed"), "False");
      assert.match(headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
      assert.equal(headers.get("x-ms-server-version"), null);
    }
    for (const [method, path] of [
      ["PUT", "/score"],
      ["DELETE", "/score"],
      ["PATCH", "/score"],
      ["HEAD", "/score"],
      ["DELETE", "/"],
      ["POST", "/swagger.json"],
    ] as const) {
      const { status, text, headers } = await ask(url, { method }, path);
      assert.equal(status, 405, `${method} ${path}`);
      const expected = '{"message": "The method is not allowed for the requested URL."}';
      assert.equal(text, method === "HEAD" ? "" : expected);
      assert.equal(headers.get("x-ms-run-function-failed"), "False");
      assert.ok(headers.has("x-request-id"));
    }
  });

  void test("ids: generated, echoed, copied; the table of the contract, also for errors", async (t) => {
    const { url, logged } = await servedScript(t, ECHO);
    // In: x-request-id, x-ms-request-id, x-ms-client-request-id; out the same. G: a new one.
    const rows: readonly (readonly [string, string, string, string, string, string])[] = [
      ["", "", "", "G", "G", ""],
      ["A", "", "", "A", "A", ""],
      ["A", "B", "", "A", "B", "B"],
      ["", "", "C", "G", "C", "C"],
      ["", "B", "C", "G", "B", "C"],
    ];
    for (const body of ["1", '"fail"']) {
      for (const [id, legacy, client, ...expected] of rows) {
        const { headers } = await post(url, body, {
          ...(id && { "x-request-id": id }),
          ...(legacy && { "x-ms-request-id": legacy }),
          ...(client && { "x-ms-client-request-id": client }),
        });
        const got = ["x-request-id", "x-ms-request-id", "x-ms-client-request-id"].map(
          (name) => headers.get(name) ?? "",
        );
        const generated = id === "" ? got[0] : undefined;
        if (generated !== undefined) assert.match(generated, /^[0-9a-f-]{36}$/);
        assert.deepEqual(
          got.map((value) => (value === generated ? "G" : value)),
          expected,
          `${body} ${id} ${legacy} ${client}`,
        );
      }
    }
    assert.equal((await logged(/x-ms-request-id header has been deprecated/)).level, "warn");
    const traced = await post(url, "1", { TraceId: "t1" });
    assert.equal(traced.headers.get("traceid"), "t1");
  });

  void test("an id of 100 characters is taken, one of 101 is 431", async (t) => {
    const { url } = await servedScript(t, ECHO);
    const names = ["x-request-id", "x-ms-request-id", "x-ms-client-request-id"];
    const long = "A".repeat(101);
    for (const name of names) {
      assert.equal((await post(url, "1", { [name]: "A".repeat(100) })).status, 200);
      const { status, text, headers } = await post(url, "1", {
        "x-request-id": "B",
        [name]: long,
      });
      assert.equal(status, 431);
      const own = name === "x-request-id";
      const which = own ? "x-request-id" : "x-ms-request-id and x-ms-client-request-id";
      assert.equal(text, `{"message": "${which} must not exceed 100 characters"}`);
      assert.deepEqual(
        names.map((each) => headers.get(each)),
        [own ? null : "B", null, null],
      );
    }
  });

  void test("the server's version is told unless it is switched off", async (t) => {
    const on = await servedScript(t, ECHO);
    assert.equal((await post(on.url, "1")).headers.get("x-ms-server-version"), "azmlinfsrv/1.5.1");
    const variable = "SERVER_VERSION_LOG_RESPONSE_ENABLED";
    for (const [value, expected] of [
      ["true", "azmlinfsrv/1.5.1"],
      ["false", null],
      ["nonsense", null],
    ] as const) {
      const { url } = await servedScript(t, ECHO, { env: { [variable]: value } });
      assert.equal((await post(url, "1")).headers.get("x-ms-server-version"), expected, value);
    }
  });

  void test("CORS: allowed, disallowed and absent origins, preflights, errors, and any origin", async (t) => {
    const list = { AML_CORS_ORIGINS: "www.microsoft.com, www.bing.com" };
    const { url } = await servedScript(t, ECHO, { env: list });
    const name = "access-control-allow-origin";
    const preflight = await ask(url, {
      method: "OPTIONS",
      headers: {
        origin: "www.microsoft.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-a",
      },
    });
    assert.equal(preflight.status, 200);
    assert.deepEqual(
      ["origin", "headers", "methods"].map((each) =>
        preflight.headers.get(`access-control-allow-${each}`),
      ),
      ["www.microsoft.com", "x-a", "GET, POST"],
    );
    assert.equal(preflight.headers.get("vary"), "Origin");
    const foreign = await ask(url, { method: "OPTIONS", headers: { origin: "www.azure.com" } });
    assert.deepEqual([foreign.status, foreign.headers.get(name)], [200, null]);
    const origin = { origin: "www.bing.com" };
    for (const [path, init] of [
      ["/", {}],
      ["/score", { method: "POST", body: "1" }],
      ["/score", { method: "POST", body: "fail" }],
      ["/swagger.json", {}],
      ["/swagger.json?version=9", {}],
    ] as const) {
      const { headers } = await ask(url, { ...init, headers: origin }, path);
      assert.equal(headers.get(name), "www.bing.com", path);
    }
    assert.equal((await post(url, "1")).headers.get(name), "www.bing.com");
    for (const [path, method] of [
      ["/nothing", "GET"],
      ["/score", "PUT"],
    ] as const) {
      assert.equal((await ask(url, { method, headers: origin }, path)).headers.get(name), null);
    }
    const any = await servedScript(t, ECHO, { env: { AML_CORS_ORIGINS: "*" } });
    assert.equal((await post(any.url, "1")).headers.get(name), "*");
    assert.equal((await post(any.url, "1", origin)).headers.get(name), "www.bing.com");
    const off = await servedScript(t, ECHO);
    assert.equal((await post(off.url, "1", origin)).headers.get(name), null);
  });

  void test("/swagger.json of a script without decorators, by version and alias", async (t) => {
    const env = { SERVICE_NAME: "My service", SERVICE_VERSION: "7", SERVICE_PATH_PREFIX: "/pre/" };
    const { url } = await servedScript(t, ECHO, { env });
    const document = async (query: string): Promise<Record<string, unknown>> =>
      JSON.parse((await ask(url, {}, `/swagger.json${query}`)).text) as Record<string, unknown>;
    const two = await document("");
    assert.equal(two["swagger"], "2.0");
    assert.deepEqual(two["info"], {
      title: "My service",
      description: "API specification for the Azure Machine Learning service My service",
      version: "7",
    });
    assert.deepEqual(Object.keys(two["paths"] as object), [
      "/pre/",
      "/pre/score",
      "/pre/swagger.json",
    ]);
    assert.deepEqual((two["definitions"] as Record<string, unknown>)["ServiceInput"], {
      type: "object",
      example: {},
    });
    assert.deepEqual(await document("?version=2.0"), two);
    assert.equal((await document("?version=3"))["openapi"], "3.0.3");
    assert.deepEqual(await document("?version=3.0"), await document("?version=3"));
    assert.equal((await document("?version=3.1"))["openapi"], "3.1.0");
    const wrong = await ask(url, {}, "/swagger.json?version=4");
    assert.deepEqual(
      [wrong.status, wrong.text],
      [404, '{"message": "Swagger version [4] is not valid. Supported versions: [2, 3, 3.1]."}'],
    );
  });

  void test("the user's own swagger files win: swagger.json before swagger2.json", async (t) => {
    const files = { "swagger2.json": '"two"', "swagger3.json": '"three"' };
    const { url } = await servedScript(t, ECHO, { files });
    assert.equal((await ask(url, {}, "/swagger.json")).text, '"two"');
    assert.equal((await ask(url, {}, "/swagger.json?version=3.0")).text, '"three"');
    assert.match((await ask(url, {}, "/swagger.json?version=3.1")).text, /openapi/);
    const more = { ...files, "swagger.json": '"one"' };
    const other = await servedScript(t, ECHO, { files: more });
    assert.equal((await ask(other.url, {}, "/swagger.json?version=2")).text, '"one"');
  });

  void test("under Azure's rule every status but 200 is 424 that tells its own, ours are as they are", async (t) => {
    const source = `
from azureml_inference_server_http.api.aml_response import AMLResponse
def init():
    pass
def run(data):
    return AMLResponse("body", int(data)) if data.isdigit() else 1 / 0
`;
    const { url } = await servedScript(t, source, { status: "azure" });
    assert.equal((await post(url, "200")).status, 200);
    for (const own of ["201", "204", "302", "404", "500", "503"]) {
      const { status, text, headers } = await post(url, own);
      assert.equal(status, 424, own);
      assert.equal(text, own === "204" ? "body" : "body");
      assert.equal(headers.get("ms-azureml-model-error-statuscode"), own);
      assert.equal(headers.get("ms-azureml-model-error-reason"), "model_error");
    }
    const raised = await post(url, "x");
    assert.deepEqual(
      [raised.status, raised.headers.get("ms-azureml-model-error-statuscode")],
      [424, "500"],
    );
    assert.match(raised.text, /unexpected error occurred in scoring script/);
    const parsing = await ask(url, { method: "POST", body: new Uint8Array([0xff]) });
    assert.deepEqual(
      [parsing.status, parsing.headers.get("ms-azureml-model-error-statuscode")],
      [424, "400"],
    );
    for (const [status, path, init] of [
      [404, "/nothing", {}],
      [405, "/score", { method: "PUT" }],
      [404, "/swagger.json?version=9", {}],
      [431, "/score", { headers: { "x-request-id": "A".repeat(101) } }],
    ] as const) {
      const answer = await ask(url, init, path);
      assert.equal(answer.status, status, path);
      assert.equal(answer.headers.get("ms-azureml-model-error-statuscode"), null);
    }
  });

  void test("each deployment is described by its own script, and asked for by header", async (t) => {
    const described = ECHO.replace(
      "def run(data):",
      `from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
@input_schema("data", StandardPythonParameterType({"a": 1}))
def run(data):`,
    );
    const { url } = await servedScripts(t, { blue: ECHO, green: described });
    const answer = await ask(
      url,
      { headers: { "azureml-model-deployment": "green" } },
      "/swagger.json?version=3",
    );
    assert.match(answer.text, /additionalProperties|"required": \["a"\]/);
    assert.doesNotMatch(
      (await ask(url, {}, "/swagger.json?version=3")).text,
      /"required": \["a"\]/,
    );
  });
});
