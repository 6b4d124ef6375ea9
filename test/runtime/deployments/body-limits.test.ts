import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { UserError } from "../../../src/core/problem.ts";
import { createBodyLimits } from "../../../src/runtime/deployments/body-limits.ts";
import { serve } from "../../../src/runtime/serve.ts";
import type { Running } from "../../../src/runtime/serve.ts";
import { endpointOf } from "../../support/endpoint.ts";
import { CLOCK, score, SILENT_LOG } from "../../support/served.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";

const MIB = 2 ** 20;
const MODEL = `${FIXTURE_MODELS}double.onnx`;

async function cramped(memoryBytes: Readonly<Record<string, number>>) {
  const endpoint = await endpointOf({
    blue: { path: MODEL, traffic: 100 },
    green: { path: MODEL, traffic: 0 },
  });
  const deployments = endpoint.deployments.map((deployment) => {
    const { name, model, ...rest } = deployment;
    if (model === undefined) return deployment;
    return {
      ...rest,
      name,
      maxConcurrentRequestsPerInstance: 1,
      memoryBytes: memoryBytes[name] ?? null,
      model: { ...model, needBytes: 50 * MIB },
    };
  });
  return { ...endpoint, deployments };
}

async function servedCramped(
  context: TestContext,
  memoryBytes: Readonly<Record<string, number>>,
): Promise<Running> {
  const running = await serve({
    endpoint: await cramped(memoryBytes),
    host: "127.0.0.1",
    port: 0,
    auth: { mode: "none", keys: [] },
    log: SILENT_LOG,
    clock: CLOCK,
  });
  context.after(() => running.stop());
  return running;
}

async function answeredWith(status: number, ask: () => Promise<Response>): Promise<Response> {
  const statuses: number[] = [];
  while (statuses.length < 200) {
    const answer = await ask();
    if (answer.status === status) return answer;
    statuses.push(answer.status);
    await answer.arrayBuffer();
  }
  throw new Error(`never ${status}, but ${statuses.join(" ")}`);
}

suite("body limits", () => {
  test("a body beyond what memory leaves gets 413, by the deployment that it is for", async (t) => {
    const running = await servedCramped(t, { blue: 52 * MIB });
    const body = `{"data": [[1, 2, 3]]${" ".repeat(3 * MIB)}}`;
    const refused = await score(running.url, body);
    assert.equal(refused.status, 413);
    assert.match(JSON.stringify(refused.body), /larger than 2097152 bytes/u);
    assert.equal((await score(running.url, body.replaceAll(" ", ""))).status, 200);
    const named = { "azureml-model-deployment": "GREEN" };
    assert.equal((await score(running.url, body, named)).status, 200);
  });

  test("bodies that fit one by one, but not together, are refused at once, and leave their room", async (t) => {
    const running = await servedCramped(t, { blue: 54 * MIB, green: 50 * MIB + MIB });
    const blue = { "azureml-model-deployment": "blue" };
    const body = `{"data": [[1, 2, 3]]${" ".repeat(3 * MIB)}}`;
    const ask = () => fetch(`${running.url}/score`, { method: "POST", headers: blue, body });
    for (const ending of ["finished", "broken off"]) {
      const slow = request(`${running.url}/score`, {
        method: "POST",
        headers: { ...blue, "content-length": body.length },
      });
      const answered = once(slow, ending === "finished" ? "response" : "error");
      await new Promise((resolve) => slow.write(body.slice(0, -1), resolve));
      // Each is a turn of the server's loop or more, in which it reads on: the first one is to be there.
      for (let turn = 0; turn < 100; turn += 1) await (await fetch(`${running.url}/`)).text();
      const second = await answeredWith(429, ask);
      assert.equal(second.headers.get("ms-azureml-model-error-reason"), "too_many_pending_request");
      assert.equal(await second.text(), "");
      if (ending === "finished") {
        slow.end(body.slice(-1));
        const [response] = await answered;
        assert.equal(response.statusCode, 200);
        response.resume();
      } else {
        slow.destroy(new Error("broken off"));
        await answered;
      }
      await answeredWith(200, ask);
    }
  });

  test("a start without room for bodies is refused with the numbers", async () => {
    const endpoint = await cramped({ blue: 50 * MIB });
    const auth = { mode: "none", keys: [] } as const;
    const options = { endpoint, host: "127.0.0.1", port: 0, auth, log: SILENT_LOG, clock: CLOCK };
    await assert.rejects(serve(options), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.problems[0]?.code, "SPEC_MEMORY_SHORT");
      return true;
    });
  });

  test("without a name the smallest of those with traffic counts, as traffic is now", async () => {
    const { deployments } = await cramped({ blue: 60 * MIB, green: 55 * MIB });
    let traffic: Record<string, number> = { blue: 100, green: 0 };
    const limits = createBodyLimits(deployments, () => traffic).each;
    assert.equal(limits(undefined), 10 * MIB);
    traffic = { blue: 90, green: 10 };
    assert.equal(limits(undefined), 5 * MIB);
    assert.equal(limits("Blue"), 10 * MIB);
  });
});
