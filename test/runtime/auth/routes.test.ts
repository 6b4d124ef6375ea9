import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, suite, test } from "node:test";

import { createLog } from "../../../src/runtime/log/log.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";
import { score, served } from "../../support/served.ts";

const KEY = "the-first-key-of-this-endpoint";

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

suite("routes of a closed runtime", async () => {
  const lines: string[] = [];
  const running = await served(
    { blue: { path: `${FIXTURE_MODELS}double.onnx` } },
    {
      auth: { mode: "key", keys: [sha256(KEY)] },
      log: createLog("debug", { write: (line: string) => lines.push(line) }),
      metricsPort: 0,
    },
  );
  const { url, metricsUrl = "" } = running;
  after(() => running.stop());
  const authorization = `Bearer ${KEY}`;

  const open: readonly (readonly [string, string])[] = [
    ["GET", "/"],
    ["HEAD", "/"],
    ["GET", "/health/live"],
    ["GET", "/health/ready"],
    ["GET", "/v2/health/live"],
    ["GET", "/v2/health/ready"],
    ["GET", "/health/live?x=1"],
  ];
  for (const [method, path] of open) {
    test(`${method} ${path} answers strangers`, async () => {
      const response = await fetch(`${url}${path}`, { method });
      assert.equal(response.status, 200);
      await response.arrayBuffer();
    });
  }

  const closed: readonly (readonly [string, string])[] = [
    ["POST", "/score"],
    ["GET", "/score"],
    ["POST", "/"],
    ["POST", "/health/live"],
    ["GET", "/health"],
    ["GET", "/health/"],
    ["GET", "/health/other"],
    ["GET", "/metrics"],
    ["GET", "/stats"],
    ["GET", "/swagger.json"],
    ["GET", "/v2"],
    ["GET", "/v2/models/blue"],
    ["POST", "/v2/models/blue/infer"],
    ["GET", "/nowhere"],
    ["GET", "//"],
    ["GET", "/%68ealth/live"],
    ["OPTIONS", "/score"],
  ];
  for (const [method, path] of closed) {
    test(`${method} ${path} is 401 to strangers, and something else with the key`, async () => {
      const refused = await fetch(`${url}${path}`, { method });
      assert.equal(refused.status, 401);
      assert.equal(refused.headers.get("www-authenticate"), "Bearer");
      // The Open Inference Protocol has its own form of error.
      const form = path.startsWith("/v2") ? /^\{"error":"there is no Auth/ : /"AUTH_MISSING"/;
      assert.match(await refused.text(), form);
      const admitted = await fetch(`${url}${path}`, { method, headers: { authorization } });
      assert.notEqual(admitted.status, 401);
      await admitted.arrayBuffer();
    });
  }

  test("a stranger's large body is refused before it is read", async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const refused = await fetch(`${url}/score`, init).catch((error: Error) => error);
    // Whether the answer or the reset comes first is up to the network; the body has no end.
    assert.ok(refused instanceof Error || refused.status === 401);
  });

  test("the key opens the door, and the header is the only way in", async () => {
    const body = { data: [[1, 2, 3]] };
    const admitted = await score(url, body, { authorization });
    assert.deepEqual(admitted.body, { outputs: { y: [[2, 4, 6]] } });
    const refused = await score(url, body, { "x-api-key": KEY, cookie: `key=${KEY}` });
    assert.equal(refused.status, 401);
    const inQuery = await fetch(`${url}/metrics?key=${KEY}&access_token=${KEY}`);
    assert.equal(inQuery.status, 401);
    await inQuery.arrayBuffer();
  });

  const asked = async (path: string, method = "GET"): Promise<number> => {
    const response = await fetch(`${metricsUrl}${path}`, { method });
    await response.arrayBuffer();
    return response.status;
  };
  test("the metrics port serves /metrics and nothing else, without credentials", async () => {
    assert.equal(await asked("/metrics"), 200);
    for (const path of ["/", "/score", "/health/live", "/stats", "/metrics/x", "/swagger.json"])
      assert.equal(await asked(path), 404, path);
    assert.equal(await asked("/metrics", "POST"), 405);
  });

  test("refusals are counted, and neither logs nor metrics hold a credential or its hash", async () => {
    await score(url, {}, { authorization: "Bearer a-wrong-key-of-somebody" });
    const text = await (await fetch(`${metricsUrl}/metrics`)).text();
    assert.match(text, /edgewright_requests_total\{deployment="",code="401"\} \d+\n/);
    for (const secret of [KEY, sha256(KEY), "a-wrong-key-of-somebody"]) {
      assert.ok(!text.includes(secret));
      assert.ok(!lines.join("").includes(secret));
    }
    assert.ok(lines.length > 0);
  });

  test("keys replaced at run time hold with the next request", async () => {
    running.setKeys([sha256("another-key")]);
    assert.equal((await score(url, {}, { authorization })).status, 401);
    const { status } = await score(
      url,
      { data: [[1, 2, 3]] },
      { authorization: "Bearer another-key" },
    );
    assert.equal(status, 200);
    running.setKeys([sha256(KEY)]);
  });
});
