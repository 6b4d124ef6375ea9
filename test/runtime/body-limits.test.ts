import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { UserError } from "../../src/core/problem.ts";
import { createBodyLimits } from "../../src/runtime/body-limits.ts";
import { serve } from "../../src/runtime/serve.ts";
import { endpointOf } from "../support/endpoint.ts";
import { CLOCK, score, SILENT_LOG } from "../support/served.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";

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

suite("body limits", () => {
  test("a body beyond what memory leaves gets 413, by the deployment that it is for", async (t) => {
    const running = await serve({
      endpoint: await cramped({ blue: 52 * MIB }),
      host: "127.0.0.1",
      port: 0,
      auth: { mode: "none", keys: [] },
      log: SILENT_LOG,
      clock: CLOCK,
    });
    t.after(() => running.stop());
    const body = `{"data": [[1, 2, 3]]${" ".repeat(3 * MIB)}}`;
    const refused = await score(running.url, body);
    assert.equal(refused.status, 413);
    assert.match(JSON.stringify(refused.body), /larger than 2097152 bytes/u);
    assert.equal((await score(running.url, body.replaceAll(" ", ""))).status, 200);
    const named = { "azureml-model-deployment": "GREEN" };
    assert.equal((await score(running.url, body, named)).status, 200);
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
    const limits = createBodyLimits(deployments, () => traffic);
    assert.equal(limits(undefined), 10 * MIB);
    traffic = { blue: 90, green: 10 };
    assert.equal(limits(undefined), 5 * MIB);
    assert.equal(limits("Blue"), 10 * MIB);
  });
});
