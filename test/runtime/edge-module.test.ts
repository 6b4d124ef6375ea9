import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";

import { startedModule } from "../support/started-module.ts";

const DAEMON = {
  IOTEDGE_AUTHSCHEME: "sasToken",
  IOTEDGE_DEVICEID: "d",
  IOTEDGE_MODULEID: "m",
  IOTEDGE_MODULEGENERATIONID: "1",
  IOTEDGE_IOTHUBHOSTNAME: "hub.azure-devices.net",
  IOTEDGE_GATEWAYHOSTNAME: "localhost:1",
};

suite("the runtime as an edge module", () => {
  for (const [name, env] of [
    ["without a daemon", { ...DAEMON, IOTEDGE_WORKLOADURI: "unix:///nowhere/workload.sock" }],
    ["with half of the variables", { IOTEDGE_WORKLOADURI: "unix:///nowhere/workload.sock" }],
    ["with a connection string of nonsense", { EdgeHubConnectionString: "nonsense" }],
  ] as const) {
    test(`${name} it scores over HTTP, says why there is no hub, and ends in good order`, async (context) => {
      const { child, url, seen } = await startedModule(context, env);
      await seen(/(there is no hub yet: .+)"/);
      const response = await fetch(`${url}/score`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"data":[[1,2,3]]}',
      });
      assert.deepEqual(await response.json(), { outputs: { y: [[2, 4, 6]] } });
      const metrics = await (await fetch(`${url}/metrics`)).text();
      assert.match(metrics, /^edgewright_edge_connected 0$/m);
      assert.match(metrics, /^edgewright_outbox_durable 1$/m);
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    });
  }

  test("anywhere else the device SDK is not loaded", async (context) => {
    const { child, url } = await startedModule(context, {});
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.doesNotMatch(metrics, /edgewright_edge_connected/);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
