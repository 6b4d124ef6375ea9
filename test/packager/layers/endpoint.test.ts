import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { endpointLayer } from "../../../src/packager/layers/endpoint.ts";
import { endpoint, moduleOf } from "../support/endpoints.ts";

const OWNER = { uid: 10001, gid: 10001 };

suite("endpointLayer", () => {
  test("the folder of a volume belongs to the user of the module", async () => {
    const volume = { name: "box", path: "/var/lib/edgewright/" };
    const layer = await endpointLayer(endpoint({ module: moduleOf({ volume }) }), OWNER);
    const folder = (await layer.entries()).find(({ path }) => path === "var/lib/edgewright");
    assert.deepEqual(folder?.owner, OWNER);
  });

  test("the endpoint is the JSON that the runtime reads", async () => {
    const layer = await endpointLayer(endpoint(), OWNER);
    const [file] = await layer.entries();
    assert.ok(file?.kind === "file" && "bytes" in file.content);
    assert.equal(file.path, "var/azureml-app/endpoint.json");
    assert.deepEqual(JSON.parse(Buffer.from(file.content.bytes).toString()), endpoint());
  });
});
