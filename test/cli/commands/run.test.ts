import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, suite, test } from "node:test";

import { edgewright, edgewrightJson, startRun } from "../../support/edgewright.ts";
import { FIXTURE_MODELS, REPOSITORY } from "../../support/repository.ts";

suite("run", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-run-"));
  after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const shortest = (model: string): string =>
    `name: shortest\ndeployments: {blue: {model: {path: ${model}}}}\n`;
  const spec = write("endpoint.yml", shortest(`${FIXTURE_MODELS}double.onnx`));

  test("the shortest spec is served, and score shows answer, deployment and status", async () => {
    const { url, deployments, terminate } = await startRun([spec]);
    try {
      assert.deepEqual(deployments, ["blue"]);
      const scored = await edgewright(["score", url, "-d", "-"], {
        input: '{"data": [[1, 2, 3]]}',
      });
      assert.equal(scored.code, 0);
      assert.equal(scored.stdout, '{"outputs":{"y":[[2,4,6]]}}\n');
      assert.match(scored.stderr, /^200 from blue in \d+\.\d ms\n$/);
      const { code, document } = await edgewrightJson(["score", url, "-d", write("bad.json", "{")]);
      assert.equal(code, 1);
      assert.equal(document["status"], 400);
    } finally {
      assert.equal(await terminate(), 0);
    }
  });

  test("a terminal that closes ends it in good order, as SIGTERM does", async () => {
    const args = [`${REPOSITORY}bin/edgewright.js`, "run", spec, "--port", "0", "--json"];
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(createInterface(child.stdout), "line");
    process.kill(-(child.pid ?? 0), "SIGHUP");
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    assert.deepEqual([code, signal], [0, null]);
  });

  test("SIGTERM under load: every request on an open connection is answered, and it exits with 0", async () => {
    // Room for every client, so that none of the answers is a 429.
    const roomy = write(
      "roomy.yml",
      `name: roomy\ndeployments: {blue: {model: {path: ${FIXTURE_MODELS}double.onnx}, request_settings: {max_concurrent_requests_per_instance: 16}}}\n`,
    );
    const { url, terminate } = await startRun([roomy]);
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const outcomes: string[] = [];
    const client = async (): Promise<void> => {
      for (;;) {
        const outcome = await post(url, agent);
        outcomes.push(outcome);
        if (outcome !== "200 open") return;
      }
    };
    const clients = Array.from({ length: 16 }, client);
    while (outcomes.length < 500) await new Promise(setImmediate);
    const exit = terminate();
    await Promise.all(clients);
    assert.equal(await exit, 0);
    // After its last answer a client that opened a new connection may be refused, and no other end is known.
    assert.deepEqual(
      new Set(outcomes.filter((outcome) => outcome !== "200 open")),
      new Set(["200 close"]),
    );
    agent.destroy();
  });

  test("a model that ONNX Runtime refuses is an error at its value in the spec", async () => {
    const refused = write("refused.yml", shortest(`${FIXTURE_MODELS}custom-op.onnx`));
    const { code, document } = await edgewrightJson(["validate", refused]);
    assert.equal(code, 1);
    const problem = document.problems.find(({ severity }) => severity === "error");
    assert.equal(problem?.code, "MODEL_REFUSED");
    assert.deepEqual(problem.at && [problem.at.line, problem.at.col > 1], [2, true]);
  });
});

/** One request: its status, and whether the server keeps the connection. */
function post(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(`${url}/score`, { method: "POST", agent }, (response) => {
      response.resume();
      response.once("end", () => {
        resolve(
          `${response.statusCode} ${response.headers.connection === "close" ? "close" : "open"}`,
        );
      });
    });
    sent.once("error", (error) => resolve(String((error as NodeJS.ErrnoException).code)));
    sent.end('{"data": [[1, 2, 3]]}');
  });
}
