import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { createCredentials, publicParts } from "../../src/credentials/credentials.ts";
import { signToken } from "../../src/credentials/token.ts";
import type { AuthMode } from "../../src/spec/resolved.ts";
import { endpointOf } from "../support/endpoint.ts";
import { FIXTURE_MODELS, REPOSITORY } from "../support/repository.ts";
import { score } from "../support/served.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** The entrypoint of an image, as a process with this environment; its address once it is ready. */
async function started(
  t: TestContext,
  authMode: AuthMode,
  env: Readonly<Record<string, string>>,
): Promise<{ url: string; log: () => string }> {
  const endpoint = await endpointOf({ blue: { path: `${FIXTURE_MODELS}double.onnx` } });
  const file = join(tempFolder(t), "endpoint.json");
  writeFileSync(file, JSON.stringify({ ...endpoint, authMode }));
  const child = spawn(process.execPath, [join(REPOSITORY, "dist/src/runtime/main.js")], {
    env: { EDGEWRIGHT_ENDPOINT: file, EDGEWRIGHT_PORT: "0", ...env },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const exited = once(child, "exit");
  t.after(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  const lines: string[] = [];
  let ready: string | undefined;
  const reader = createInterface(child.stderr);
  for await (const line of reader) {
    lines.push(line);
    ready = /"url":"([^"]+)"/.exec(line)?.[1];
    if (ready !== undefined) break;
  }
  if (ready === undefined) throw new Error(`it ended before it was ready: ${lines.join("\n")}`);
  child.stderr.on("data", (chunk: Buffer) => lines.push(chunk.toString())).resume();
  return { url: ready, log: () => lines.join("\n") };
}

const BODY = { data: [[1, 2, 3]] };

suite("the entrypoint of an image", () => {
  const credentials = createCredentials();

  test("with the hashes of the manifest both keys open it", async (t) => {
    const hashes = publicParts(credentials, "key").join(",");
    const { url } = await started(t, "key", { EDGEWRIGHT_KEY_HASHES: hashes });
    for (const key of [credentials.primaryKey, credentials.secondaryKey])
      assert.equal((await score(url, BODY, { authorization: `Bearer ${key}` })).status, 200);
    assert.equal((await score(url, BODY, { authorization: "Bearer x" })).status, 401);
  });

  test("with the public key of the manifest a signed token opens it, an expired one does not", async (t) => {
    const [key = ""] = publicParts(credentials, "aml_token");
    const { url } = await started(t, "aml_token", { EDGEWRIGHT_TOKEN_KEY: key });
    const issuedAt = Math.floor(Date.now() / 1000);
    const bearer = (lifetimeSeconds: number) => ({
      authorization: `Bearer ${signToken(credentials, { endpoint: "test", lifetimeSeconds, issuedAt }).accessToken}`,
    });
    assert.equal((await score(url, BODY, bearer(60))).status, 200);
    const { status, body } = await score(url, BODY, bearer(-1));
    assert.equal(status, 401);
    assert.match(JSON.stringify(body), /AUTH_EXPIRED/);
    const key2 = { authorization: `Bearer ${credentials.primaryKey}` };
    assert.equal((await score(url, BODY, key2)).status, 401);
  });

  for (const mode of ["key", "aml_token", "aad_token"] as const) {
    test(`started without keys, ${mode} is 401 to everybody, and health still answers`, async (t) => {
      const { url } = await started(t, mode, {});
      const key = { authorization: `Bearer ${credentials.primaryKey}` };
      assert.equal((await score(url, BODY, key)).status, 401);
      assert.equal((await fetch(`${url}/health/ready`)).status, 200);
    });
  }

  test("port 9600's setting opens /metrics alone; without it there is no such port", async (t) => {
    const { log } = await started(t, "key", { EDGEWRIGHT_METRICS_PORT: "0" });
    const metricsUrl = /"metricsUrl":"([^"]+)"/.exec(log())?.[1];
    const response = await fetch(`${metricsUrl}/metrics`);
    assert.match(await response.text(), /edgewright_ready \d/);
    const without = await started(t, "key", {});
    assert.doesNotMatch(without.log(), /metricsUrl/);
  });
});
