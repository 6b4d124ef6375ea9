import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, suite, test } from "node:test";

import { UserError } from "../../src/core/problem.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";
import { score, served } from "../support/served.ts";

suite("serve", async () => {
  const running = await served({
    blue: { path: `${FIXTURE_MODELS}double.onnx`, traffic: 90 },
    green: { path: `${FIXTURE_MODELS}double.onnx`, traffic: 10 },
    hidden: { path: `${FIXTURE_MODELS}two-outputs.onnx`, traffic: 0 },
  });
  const { url } = running;
  after(() => running.stop());
  const body = { data: [[1, 2, 3]] };

  test("a hundred requests are shared exactly by weight, and every answer names its deployment", async () => {
    const shares = new Map<string, number>();
    for (let index = 0; index < 100; index += 1) {
      const { status, headers } = await score(url, body);
      assert.equal(status, 200);
      const name = headers.get("azureml-model-deployment") ?? "";
      shares.set(name, (shares.get(name) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries(shares), { blue: 90, green: 10 });
  });

  test("a deployment asked for by header answers, also without traffic and in any case", async () => {
    const { headers } = await score(url, body, { "azureml-model-deployment": "HIDDEN" });
    assert.equal(headers.get("azureml-model-deployment"), "hidden");
  });

  test("a deployment that does not exist is 404 and the answer names those that do", async () => {
    const { status, body: answer } = await score(url, body, {
      "azureml-model-deployment": "purple",
    });
    assert.equal(status, 404);
    assert.match(JSON.stringify(answer), /'purple'.*'blue', 'green', 'hidden'/);
  });

  test("each form of request gets the answer of its form", async () => {
    const forms: readonly (readonly [unknown, unknown])[] = [
      [{ data: [[1, 2, 3]] }, { outputs: { y: [[2, 4, 6]] } }],
      [{ input_data: [[1, 2, 3]] }, { outputs: { y: [[2, 4, 6]] } }],
      [{ inputs: { x: [[1, 2, 3]] } }, { outputs: { y: [[2, 4, 6]] } }],
      [
        {
          instances: [
            [1, 2, 3],
            [4, 5, 6],
          ],
        },
        {
          predictions: [
            [2, 4, 6],
            [8, 10, 12],
          ],
        },
      ],
      [
        { id: "7", inputs: [{ name: "x", shape: [1, 3], datatype: "FP32", data: [1, 2, 3] }] },
        {
          model_name: "blue",
          model_version: "1",
          id: "7",
          outputs: [{ name: "y", shape: [1, 3], datatype: "FP32", data: [2, 4, 6] }],
        },
      ],
    ];
    for (const [request, answer] of forms) {
      const { body: got } = await score(url, request, { "azureml-model-deployment": "blue" });
      assert.deepEqual(got, answer);
    }
  });

  test("every answer has the request's id: the sender's, else a new one", async () => {
    const { headers } = await score(url, body, {
      "x-request-id": "mine",
      "x-ms-client-request-id": "c",
    });
    assert.equal(headers.get("x-request-id"), "mine");
    assert.equal(headers.get("x-ms-client-request-id"), "c");
    for (const path of ["/", "/health/live", "/health/ready", "/metrics", "/nowhere"]) {
      const response = await fetch(`${url}${path}`);
      assert.match(response.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/, path);
      await response.arrayBuffer();
    }
  });

  test("an id of more than 100 characters is 431", async () => {
    const { status } = await score(url, body, { "x-request-id": "x".repeat(101) });
    assert.equal(status, 431);
  });

  test("what is asked wrongly is answered with its status and a reason", async () => {
    const asked = async (path: string, init: RequestInit): Promise<[number, string]> => {
      const response = await fetch(`${url}${path}`, init);
      return [response.status, await response.text()];
    };
    const cases: readonly (readonly [string, RequestInit, number, RegExp])[] = [
      ["/nowhere", {}, 404, /ROUTE_UNKNOWN/],
      ["/score", { method: "PUT", body: "{}" }, 405, /ROUTE_METHOD/],
      ["/health/live", { method: "POST" }, 405, /GET, HEAD/],
      ["/score", { method: "POST" }, 400, /the body is empty/],
      ["/score", { method: "POST", body: "{" }, 400, /INPUT_JSON/],
      [
        "/score",
        { method: "POST", body: Buffer.from('{"data": "\xff"}', "latin1") },
        400,
        /illegal character, escape or encoding/,
      ],
      ["/score", { method: "POST", body: '{"data": "x"}' }, 400, /INPUT_/],
      [
        "/score",
        { method: "POST", body: "{}", headers: { "content-encoding": "br" } },
        400,
        /encoded as br/,
      ],
    ];
    for (const [path, init, status, text] of cases) {
      const [got, answer] = await asked(path, init);
      assert.equal(got, status, `${init.method ?? "GET"} ${path}: ${answer}`);
      assert.match(answer, text);
    }
  });

  test("a body that is declared too large is refused before it is read", async () => {
    const answer = await raw(
      url,
      "POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n",
    );
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /connection: close/i);
  });

  test("what is not HTTP is answered with 400 and an id", async () => {
    const answer = await raw(url, "THIS IS NOT HTTP\r\n\r\n");
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(answer, /x-request-id: [0-9a-f-]{36}/);
  });

  test("a flood of headers is 431", async () => {
    const answer = await raw(url, `GET / HTTP/1.1\r\nhost: x\r\na: ${"b".repeat(40_000)}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
  });

  test("metrics count requests by deployment and status", async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    assert.match(text, /edgewright_ready 1\n/);
    assert.match(text, /edgewright_requests_total\{deployment="blue",code="200"\} \d+\n/);
    assert.match(
      text,
      /edgewright_request_duration_seconds_bucket\{deployment="blue",le="\+Inf"\} \d+\n/,
    );
  });

  test("a second runtime on the same port says that it is taken", async () => {
    const { createHttpFront } = await import("../../src/runtime/fronts/http.ts");
    const { createMetrics } = await import("../../src/runtime/metrics/metrics.ts");
    const { createRuntimeMetrics } = await import("../../src/runtime/metrics/runtime-metrics.ts");
    const { CLOCK, SILENT_LOG } = await import("../support/served.ts");
    const metrics = createMetrics();
    const openApi = () => Promise.reject(new Error("never asked"));
    const front = createHttpFront({
      scorer: {
        score: () => Promise.reject(new Error("never asked")),
        close: () => Promise.resolve(),
      },
      pages: { ready: () => true, renderMetrics: metrics.render, stats: () => ({}), openApi },
      v2: { endpoint: "test", serverVersion: "0", deployments: [] },
      admit: () => undefined,
      metrics: createRuntimeMetrics(metrics),
      log: SILENT_LOG,
      clock: CLOCK,
      createId: () => "id",
      host: "127.0.0.1",
      port: Number(new URL(url).port),
      bodyLimits: { each: () => 1, together: 1 },
    });
    await assert.rejects(front.start(), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.problems[0]?.code, "RUNTIME_PORT");
      return true;
    });
  });
});

/** Sends bytes as they are and gives back what comes until the other side closes. */
function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
    socket.once("close", () => resolve(answer));
    socket.once("error", reject);
  });
}
