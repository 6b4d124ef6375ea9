import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { edgewrightJson } from "../../support/edgewright.ts";
import { REPOSITORY } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const DOUBLE = `${REPOSITORY}test/fixtures/models/double.onnx`;
const SPEC = (name: string): string => `name: test-${name}
auth_mode: none
traffic: { blue: 100, green: 0 }
deployments:
  blue: { model: { path: ${DOUBLE} } }
  green: { model: { path: ${DOUBLE} } }
edge:
  volume: { name: data-${name}, path: /data }
`;

/** Two modules, a and b, that double their input; `lines` are the rest of the scenario. */
function scenario(context: TestContext, lines: string, first = "a"): string {
  const folder = tempFolder(context);
  for (const name of ["a", "b"]) writeFileSync(join(folder, `${name}.yml`), SPEC(name));
  const file = join(folder, "scenario.yml");
  writeFileSync(file, `modules: { ${first}: ./a.yml, b: ./b.yml }\n${lines}`);
  return file;
}

type Step = { readonly name: string; readonly ok: boolean; readonly detail: string };

async function verdictOf(file: string, ...more: readonly string[]) {
  const { code, document } = await edgewrightJson(["simulate", file, ...more]);
  return { code, document, steps: (document["steps"] ?? []) as readonly Step[] };
}

const engine = spawnSync("docker", ["version"], { encoding: "utf8" }).status === 0;

suite("edgewright simulate", () => {
  test("the committed scenario: nothing is lost over kills, a cut and a restart", async () => {
    const { code, document } = await verdictOf("examples/bearing-monitor/scenario.yml");
    const { sent, distinct, lost } = document;
    assert.deepEqual(
      { code, ok: document.ok, sent, distinct, lost },
      { code: 0, ok: true, sent: 700, distinct: 700, lost: 0 },
    );
  });

  test("two modules: conditions, module to module, batches, nonsense refused", async (context) => {
    const file = scenario(
      context,
      `routes:
  high:
    route: FROM /messages/modules/a/outputs/* WHERE $body.outputs.y[0][0] > 4 INTO BrokeredEndpoint("/modules/b/inputs/x")
    priority: 1
  low: FROM /messages/modules/a/outputs/* WHERE $body.outputs.y[0][0] <= 4 INTO $upstream
  faults: FROM /messages/modules/a/outputs/amlError INTO $upstream
  b: FROM /messages/modules/b/* INTO $upstream
steps:
  - expect: { connected: a, within: 30s }
  - expect: { connected: b, within: 30s }
  - send: { to: a, body: { data: [[1, 2, 3]] }, count: 10, as: small, properties: { unit: mm } }
  - send: { to: a, body: { data: [[3, 2, 3]] }, count: 10, as: large }
  - expect: { upstream: 10, of: small, module: a, where: "$body.outputs.y[0][2] = 6", properties: { unit: mm } }
  # b scores what a said, which has no form that it knows.
  - expect: { upstream: 10, of: large, module: b, output: amlError }
  - set routes: { routes: { bad: FROM nonsense INTO nowhere }, expect: refused }
  - patch twin: { module: a, desired: { traffic: abc } }
  - expect: { module: a, reported: { lastPatch.ok: false, traffic.blue: 100 } }
  - patch twin: { module: a, desired: { traffic: { blue: 100, red: 0 }, nonsense: 1 } }
  - expect: { module: a, reported: { lastPatch.ok: false, traffic.blue: 100 } }
  # What stands in the twin is judged whole: nonsense refuses what comes after it.
  - patch twin: { module: a, desired: { traffic: { blue: 0, green: 100, red: null } } }
  - expect: { module: a, reported: { lastPatch.ok: false, traffic.blue: 100 } }
  - patch twin: { module: a, desired: { nonsense: null } }
  - expect: { module: a, reported: { lastPatch.ok: true, traffic.green: 100 } }
  - send: { to: a, body: { data: [[1, 2, 3]] }, count: 5, as: shifted }
  - expect: { upstream: 5, of: shifted, properties: { azureml-model-deployment: green } }
  - send: { to: a, body: { data: [[1, 2, 3]] }, as: named, properties: { azureml-model-deployment: blue } }
  - expect: { upstream: 1, of: named, properties: { azureml-model-deployment: blue } }
  - send: { to: a, body: { data: [[1]] }, as: wrong }
  - expect: { upstream: 1, of: wrong, output: amlError, properties: { status: "400", reason: INPUT_SHAPE } }
  - set routes: { routes: { all: FROM /messages/* INTO $upstream } }
  - send: { to: a, body: [{ data: [[1, 2, 3]] }, { data: 7 }, { data: [[4, 5, 6]] }], as: batch }
  - expect: { upstream: 1, of: batch, where: "$body[0].outputs.y[0][0] = 2 AND $body[1].status = 400 AND $body[2].outputs.y[0][0] = 8" }
  - call method: { module: a, name: score, payload: { data: [[1, 2, 3]] }, expect: { status: 200, payload: { deployment: green } } }
  - call method: { module: a, name: stats, expect: { payload: { traffic.green: 100 } } }
  - call method: { module: a, name: nobody, within: 1s, expect: { status: 404 } }
`,
    );
    const { code, steps, document } = await verdictOf(file);
    assert.deepEqual(
      steps.filter(({ ok }) => !ok),
      [],
      JSON.stringify(document.problems),
    );
    assert.equal(code, 0);
  });

  test("a patch is answered behind each restart of the hub, and a kill undoes no verdict", async (context) => {
    const rounds = Array.from(
      { length: 20 },
      (_, round) => `
  - restart hub: {}
  - expect: { connected: a, within: 30s }
  - call method: { module: a, name: health }
  - patch twin: { module: a, desired: { traffic: { blue: ${round}, green: ${100 - round} } } }
  - expect: { module: a, reported: { lastPatch.ok: true, traffic.blue: ${round} } }`,
    );
    const file = scenario(
      context,
      `steps:
  - expect: { connected: a, within: 30s }${rounds.join("")}
  - patch twin: { module: a, desired: { nonsense: 1 } }
  - expect: { module: a, reported: { lastPatch.ok: false } }
  - kill module: a
  - expect: { connected: a, within: 30s }
  - expect: { module: a, reported: { lastPatch.ok: false, traffic.blue: 19 } }
`,
    );
    const { steps } = await verdictOf(file);
    assert.deepEqual(
      steps.filter(({ ok }) => !ok),
      [],
    );
  });

  test("priorities and times to live, while the module is away", async (context) => {
    const file = scenario(
      context,
      `routes:
  short: { route: "FROM /messages/* WHERE kind = 'short' AND NOT is_defined($connectionModuleId) INTO BrokeredEndpoint('/modules/a/inputs/x')", timeToLiveSecs: 1 }
  urgent: { route: "FROM /messages/* WHERE kind = 'urgent' AND NOT is_defined($connectionModuleId) INTO BrokeredEndpoint('/modules/a/inputs/x')", priority: 0 }
  plain: { route: "FROM /messages/* WHERE kind = 'plain' AND NOT is_defined($connectionModuleId) INTO BrokeredEndpoint('/modules/a/inputs/x')", priority: 5 }
  up: FROM /messages/modules/a/* INTO $upstream
steps:
  - expect: { connected: a, within: 30s }
  - cut hub: {}
  - send: { body: { data: [[1, 2, 3]] }, count: 30, properties: { kind: plain }, as: plain }
  - send: { body: { data: [[1, 2, 3]] }, count: 5, properties: { kind: short }, as: short }
  - send: { body: { data: [[1, 2, 3]] }, count: 5, properties: { kind: urgent }, as: urgent }
  - wait: 1500ms
  - restore: hub
  - expect: { upstream: 30, of: plain, within: 30s }
  - expect: { upstream: 5, of: urgent }
  - expect: { upstream: 0, of: short }
`,
    );
    const { code, steps, document } = await verdictOf(file);
    assert.deepEqual(
      steps.filter(({ ok }) => !ok),
      [],
    );
    assert.deepEqual([code, document["lost"]], [0, 5]);
  });

  test("a scenario on a kept folder comes to the same verdict, run by run", async (context) => {
    const file = scenario(
      context,
      `routes: { up: FROM /messages/modules/a/* INTO $upstream }
steps:
  - expect: { connected: a, within: 30s }
  - send: { to: a, body: { data: [[1, 2, 3]] }, count: 5 }
  - send: { to: a, body: { data: [[1, 2, 3]] }, count: 5, as: named }
  - expect: { upstream: 10, distinct: messageId }
  - expect: { upstream: 5, of: send-1 }
`,
    );
    const state = join(tempFolder(context), "state");
    for (const run of ["first", "second", "third"]) {
      const { code, document } = await verdictOf(file, "--state", state);
      const { sent, distinct, lost, duplicates } = document;
      assert.deepEqual([code, sent, distinct, lost, duplicates], [0, 10, 10, 0, 0], run);
    }
  });

  test("a step that fails ends it, with its place and exit code 1", async (context) => {
    const file = scenario(
      context,
      `routes: { up: FROM /messages/* INTO $upstream }
steps:
  - send: { to: a, body: { data: [[1, 2, 3]] }, count: 2 }
  - expect: { upstream: 3, within: 3s }
  - wait: 1h
`,
    );
    const { code, document, steps } = await verdictOf(file);
    assert.deepEqual([code, document.ok, steps.length], [1, false, 2]);
    const failed = document.problems.find(({ code: of }) => of === "SIM_SCENARIO_FAILED");
    assert.match(failed?.message ?? "", /2 messages have arrived, expected 3/);
    assert.equal(failed?.at?.line, 5);
  });

  test("every fault of a scenario is told with its place, before anything starts", async (context) => {
    const file = scenario(
      context,
      `steps:
  - sent: { to: a }
  - wait: soon
  - send: { to: a, count: -1 }
  - { wait: 1s, restart hub: {} }
`,
    );
    const { code, document } = await verdictOf(file);
    assert.equal(code, 1);
    assert.deepEqual(
      document.problems.map(({ code: of, at }) => [of, at?.line]),
      [3, 4, 5, 6].map((line) => ["SIM_SCENARIO", line]),
    );
    assert.match(document.problems[0]?.hint ?? "", /send/);
  });

  test("a wrong route of a scenario is refused before a module starts", async (context) => {
    const file = scenario(context, "routes: { r: FROM x INTO y }\nsteps: [{ wait: 1s }]\n");
    const { code, document } = await verdictOf(file);
    const problem = document.problems.at(-1);
    assert.deepEqual([code, problem?.code, problem?.at?.line], [1, "SIM_ROUTE", 2]);
  });

  test("without a scenario it runs until it is stopped, controlled over HTTP", async (context) => {
    const folder = tempFolder(context);
    writeFileSync(join(folder, "a.yml"), SPEC("a"));
    const bin = `${REPOSITORY}bin/edgewright.js`;
    const args = [bin, "simulate", join(folder, "a.yml"), "--client", "other", "--json"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    context.after(() => child.kill("SIGKILL"));
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const { url, clients } = JSON.parse(line) as { url: string; clients: Record<string, unknown> };
    assert.deepEqual(Object.keys(clients), ["other"]);
    const ask = async (method: string, path: string, body?: unknown) => {
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await fetch(`${url}${path}`, { method, ...text });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    await ask("POST", "/modules/test-a/inputs/amlInput?$.mid=7&unit=mm", { data: [[1, 2, 3]] });
    let upstream = await ask("GET", "/upstream");
    for (let tries = 0; upstream.body["count"] !== 1 && tries < 200; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      upstream = await ask("GET", "/upstream");
    }
    const [message] = upstream.body["messages"] as readonly Record<string, unknown>[];
    assert.deepEqual(message?.["body"], { outputs: { y: [[2, 4, 6]] } });
    assert.deepEqual(message["properties"], { unit: "mm", "azureml-model-deployment": "blue" });
    const health = await ask("POST", "/modules/test-a/methods/health");
    assert.deepEqual(health.body, { status: 200, payload: { ready: true } });
    const patch = { traffic: { blue: 50, green: 50 } };
    assert.equal((await ask("PATCH", "/modules/test-a/twin", patch)).status, 200);
    assert.equal((await ask("PUT", "/routes", { r: "nonsense" })).status, 400);
    assert.equal((await ask("GET", "/modules/nobody/twin")).status, 404);
    assert.equal((await ask("GET", "/nothing")).status, 404);
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0);
  });

  test(
    "modules as containers come to the same verdict, and leave nothing in the engine",
    { skip: !engine && "no Docker engine answers here" },
    async (context) => {
      const a = `a-${randomUUID().slice(0, 8)}`;
      const file = scenario(
        context,
        `routes: { up: FROM /messages/* INTO $upstream }
steps:
  - expect: { connected: ${a}, within: 60s }
  - send: { to: ${a}, body: { data: [[1, 2, 3]] }, count: 100, as: first }
  - kill module: ${a}
  - send: { to: ${a}, body: { data: [[1, 2, 3]] }, count: 100, as: second }
  - cut hub: 3s
  - restart hub: {}
  - expect: { upstream: 200, distinct: messageId, within: 60s }
`,
        a,
      );
      for (const more of [[], ["--containers"]]) {
        const { code, document, steps } = await verdictOf(file, ...more);
        assert.deepEqual(
          steps.filter(({ ok }) => !ok),
          [],
        );
        assert.deepEqual([code, document["distinct"], document["lost"]], [0, 200, 0]);
      }
      assert.equal(spawnSync("docker", ["images", "-q", a], { encoding: "utf8" }).stdout, "");
    },
  );
});
