import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { endpointOf } from "../support/endpoint.ts";
import { REPOSITORY } from "../support/repository.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** The runtime as an image starts it, with these variables of an edge daemon. */
async function started(context: TestContext, env: Readonly<Record<string, string>>) {
  const folder = tempFolder(context);
  const file = join(folder, "endpoint.json");
  const path = `${REPOSITORY}test/fixtures/models/double.onnx`;
  writeFileSync(file, JSON.stringify(await endpointOf({ blue: { path } })));
  const child = spawn(process.execPath, [`${REPOSITORY}dist/src/runtime/main.js`], {
    env: { EDGEWRIGHT_ENDPOINT: file, EDGEWRIGHT_PORT: "0", EDGEWRIGHT_VOLUME: folder, ...env },
    stdio: ["ignore", "inherit", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  const reader = createInterface(child.stderr).on("line", (line) => lines.push(line));
  const seen = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = lines.map((line) => pattern.exec(line)?.[1]).find((text) => text !== undefined);
      if (found !== undefined) return found;
      await once(reader, "line");
    }
  };
  return { child, lines, seen, url: await seen(/"url":"([^"]+)"/) };
}

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
      const { child, url, seen } = await started(context, env);
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
    const { child, url } = await started(context, {});
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.doesNotMatch(metrics, /edgewright_edge_connected/);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
