import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { edgewrightJson } from "../support/edgewright.ts";
import { addressOf, NO_ENGINE, startModule, untilLogged } from "./support/container.ts";
import { isOwn, ownTag } from "./support/own-names.ts";
import { REPOSITORY } from "./support/repository.ts";
import { CACHE_HOME, keepLock, NO_BASE, takeLock } from "./support/shared-cache.ts";
import { tempFolder } from "./support/temp-folder.ts";

const EXAMPLE = join(REPOSITORY, "examples", "bearing-monitor");
const REQUESTS = 100;

suite("the example in a container", { skip: NO_BASE || NO_ENGINE }, () => {
  test("scores within the limits of its spec, one request in ten by green", async (t) => {
    const folder = await tempFolder(t);
    await cp(join(EXAMPLE, "endpoint.yml"), join(folder, "endpoint.yml"));
    await cp(join(EXAMPLE, "models"), join(folder, "models"), { recursive: true });
    await takeLock(folder);
    const { code, document } = await edgewrightJson(
      ["build", "endpoint.yml", "-o", "docker", "--tag", ownTag("example")],
      {
        cwd: folder,
        env: { XDG_CACHE_HOME: CACHE_HOME },
      },
    );
    assert.equal(code, 0, JSON.stringify(document.problems));
    await keepLock(folder);
    const { manifest } = document["files"] as { manifest: string };
    assert.equal(manifest, join(folder, "bearing-monitor.deployment.json"));

    const container = await startModule(t, manifest);
    await untilLogged(container, '"ready"');
    const { HostConfig, Config } = await container.inspect();
    // A volume of that name may be somebody's own.
    assert.ok(HostConfig.Binds?.length === 1 && HostConfig.Binds.every(isOwn));
    assert.equal(HostConfig.NanoCpus, 1_000_000_000);
    assert.ok((HostConfig.Memory ?? 0) >= 2 * 256 * 1024 * 1024);
    assert.equal(HostConfig.MemorySwap, HostConfig.Memory);
    assert.equal(Config.User, "10001:10001");

    const body = await readFile(join(EXAMPLE, "data", "request.json"));
    const address = await addressOf(container);
    const shares: Record<string, number> = {};
    for (let request = 0; request < REQUESTS; request += 1) {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${address}/score`, { method: "POST", headers, body });
      assert.equal(response.status, 200, await response.clone().text());
      const name = response.headers.get("azureml-model-deployment") ?? "";
      shares[name] = (shares[name] ?? 0) + 1;
      await response.arrayBuffer();
    }
    assert.deepEqual(shares, { blue: 90, green: 10 });
    await container.stop({ t: 10 });
    assert.equal((await container.inspect()).State.ExitCode, 0);
  });
});
