import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, suite, test } from "node:test";

import { ask, post, servedScript, withoutPython } from "../../support/script.ts";
import type { ServedScript } from "../../support/script.ts";

/** Evaluates what it is sent. */
const EVALUATES = `
import datetime, json, os, sys, time
from azureml_inference_server_http.api.aml_response import AMLResponse
class Flaskish:
    def __init__(self, body, status=200, headers=()):
        self.status_code = status
        self.body = body
        self.headers = dict(headers)
        self.is_streamed = not isinstance(body, bytes)
    def iter_encoded(self):
        return iter([self.body]) if isinstance(self.body, bytes) else self.body
def chunks(fail=False):
    for n in range(3):
        yield b"part %d;" % n
    if fail:
        raise RuntimeError("in the middle")
def raises(error):
    raise error
def init():
    pass
def run(data):
    return eval(data)
`;

const FAILED = "An unexpected error occurred in scoring script. Check the logs for more info.";
const INTERNAL = "An unexpected internal error occurred. Check the logs for more info.";

void suite("what becomes of a result", { skip: withoutPython() }, () => {
  const cleanUp: (() => unknown)[] = [];
  let script: ServedScript;
  before(async () => {
    script = await servedScript(
      { after: (done) => cleanUp.push(done as () => unknown) },
      EVALUATES,
    );
  });
  after(async () => {
    for (const done of cleanUp.toReversed()) await done();
  });

  void test("JSON's own types are written as Python writes them, byte for byte", async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['{"a": [1, 2.5], "é": None}', '{"a": [1, 2.5], "\\u00e9": null}'],
      ["[]", "[]"],
      ["(1, 201)", "[1, 201]"],
      ['"hello"', '"hello"'],
      ['"{\\"a\\": 1}"', '"{\\"a\\": 1}"'],
      ["None", "{}"],
      ["True", "true"],
      ["7", "7"],
      ['[float("nan"), float("inf"), -float("inf")]', "[NaN, Infinity, -Infinity]"],
    ];
    for (const [expression, expected] of cases) {
      const { status, text, headers } = await post(script.url, expression);
      assert.deepEqual([status, text], [200, expected], expression);
      assert.equal(headers.get("content-type"), "application/json");
      assert.equal(headers.get("x-ms-run-function-failed"), "False");
      assert.match(headers.get("x-ms-run-fn-exec-ms") ?? "", /^\d+\.\d{3}$/);
    }
  });

  void test("what JSON cannot say is the server's fault, not run()'s", async () => {
    for (const expression of [
      'b"x"',
      "{1, 2}",
      "chunks()",
      "datetime.datetime.now()",
      "object()",
    ]) {
      const { status, text, headers } = await post(script.url, expression);
      assert.deepEqual([status, text], [500, `{"message": "${INTERNAL}"}`], expression);
      assert.equal(headers.get("x-ms-run-function-failed"), "False");
      assert.equal(headers.get("x-ms-run-fn-exec-ms"), null);
    }
  });

  void test("what run() raises is 500 without its text, and the log has the traceback", async () => {
    const cases = [
      'raises(ValueError("secret"))',
      "raises(SystemExit(3))",
      "raises(KeyboardInterrupt())",
      "sys.exit(0)",
      "1/0",
      "(lambda f: f(f))(lambda f: f(f))",
    ];
    for (const expression of cases) {
      const { status, text, headers } = await post(script.url, expression);
      assert.deepEqual([status, text], [500, `{"message": "${FAILED}"}`], expression);
      assert.equal(headers.get("x-ms-run-function-failed"), "True");
    }
    const { message, level } = await script.logged(/ValueError: secret/);
    assert.match(message, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} E \[\d+\] azmlinfsrv - /);
    assert.equal(level, "error");
  });

  void test("a TimeoutError of the script's own is told as a scoring timeout", async () => {
    const { status, text } = await post(script.url, "raises(TimeoutError())");
    assert.deepEqual([status, text], [500, '{"message": "Scoring timeout after 3600000 ms"}']);
  });

  void test("AMLResponse: body, type, headers and flag as the script says", async () => {
    const cases: readonly (readonly [string, number, string, string, string])[] = [
      ["AMLResponse(None, 333)", 333, "{}", "application/json", "False"],
      ['AMLResponse("test", 444)', 444, "test", "text/html; charset=utf-8", "False"],
      ['AMLResponse("test", 555, json_str=True)', 555, '"test"', "application/json", "True"],
      [
        'AMLResponse(b"\\xff", 200, {"Content-Type": "image/x"})',
        200,
        "\uFFFD",
        "image/x",
        "False",
      ],
      ["AMLResponse(None, 200, run_function_failed=True)", 200, "{}", "application/json", "True"],
    ];
    for (const [expression, status, text, type, failed] of cases) {
      const answer = await post(script.url, expression);
      assert.deepEqual([answer.status, answer.text], [status, text], expression);
      assert.equal(answer.headers.get("content-type"), type, expression);
      assert.equal(answer.headers.get("x-ms-run-function-failed"), failed, expression);
      assert.ok(answer.headers.has("x-ms-run-fn-exec-ms"));
    }
  });

  void test("a header with commas stands once for each part; a number is no header", async () => {
    const raw = await rawHeaders(
      script.url,
      'AMLResponse(None, 555, {"a": "A", "b": "A, B, C", "content-type": "A", "x-ms-run-function-failed": "Z"}, run_function_failed=True)',
    );
    assert.deepEqual(raw.get("a"), ["A"]);
    assert.deepEqual(raw.get("b"), ["A", "B", "C"]);
    assert.deepEqual(raw.get("content-type"), ["application/json"]);
    assert.deepEqual(raw.get("x-ms-run-function-failed"), ["True"]);
    const { status, text } = await post(script.url, 'AMLResponse("", 200, {"a": 1})');
    assert.deepEqual([status, text], [500, `{"message": "${FAILED}"}`]);
    const injected = await post(script.url, 'AMLResponse("", 200, {"a": "b\\r\\nc: d"})');
    assert.deepEqual([injected.status, injected.text], [500, `{"message": "${FAILED}"}`]);
  });

  void test("a response of any framework is recognised by its shape, and a generator is streamed", async () => {
    const plain = await post(script.url, 'Flaskish(b"raw", 418, {"X-A": "1"})');
    assert.deepEqual([plain.status, plain.text, plain.headers.get("x-a")], [418, "raw", "1"]);
    assert.equal(plain.headers.get("x-ms-run-function-failed"), null);
    const failed = await post(script.url, 'Flaskish(b"", 500)');
    assert.equal(failed.headers.get("x-ms-run-function-failed"), "True");
    const streamed = await post(script.url, "Flaskish(chunks())");
    assert.equal(streamed.text, "part 0;part 1;part 2;");
    assert.equal(streamed.headers.get("transfer-encoding"), "chunked");
    const generator = await post(script.url, "AMLResponse(chunks(), 200)");
    assert.equal(generator.text, "part 0;part 1;part 2;");
  });

  void test("a stream that breaks off breaks the connection, and the next request is served", async () => {
    await assert.rejects(post(script.url, "Flaskish(chunks(fail=True))"));
    assert.equal((await post(script.url, "1")).text, "1");
  });

  void test("an answer of 100 MB comes whole", async () => {
    const { text } = await post(script.url, 'AMLResponse("x" * 100_000_000, 200)');
    assert.equal(text.length, 100_000_000);
  });

  void test("a body of 1 MB comes and goes whole", async () => {
    const body = JSON.stringify("y".repeat(1_000_000));
    const { text } = await post(script.url, body);
    assert.equal(text, body);
  });

  void test("what the script wants to say as x-request-id is not said", async () => {
    const { headers } = await post(
      script.url,
      'Flaskish(b"", 200, {"X-Request-Id": "mine", "Content-Length": "7"})',
      { "x-request-id": "theirs" },
    );
    assert.equal(headers.get("x-request-id"), "theirs");
    assert.equal(headers.get("content-length"), "0");
  });

  void test("the log has each request in the server's own form", async () => {
    await ask(script.url, {}, "/score?a=1");
    const { message } = await script.logged(/GET/);
    assert.match(message, / I \[\d+\] azmlinfsrv - GET \/score\?a=1 200 \d+\.\d{3}ms 8$/);
  });
});

function rawHeaders(url: string, body: string): Promise<Map<string, string[]>> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/score`, { method: "POST" }, (response) => {
      const found = new Map<string, string[]>();
      const { rawHeaders: raw } = response;
      for (let index = 0; index < raw.length; index += 2) {
        const name = String(raw[index]).toLowerCase();
        found.set(name, [...(found.get(name) ?? []), String(raw[index + 1])]);
      }
      response.resume();
      resolve(found);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}
