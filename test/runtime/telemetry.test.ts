import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { endpointOf } from "../support/endpoint.ts";
import { FIXTURE_MODELS, REPOSITORY } from "../support/repository.ts";

/** The library looks its server up about 10 s after it was loaded. */
const WATCHED_MS = 20_000;

const withoutStrace =
  spawnSync("strace", ["-V"]).status === 0
    ? false
    : "strace, which watches for sockets, is not here";

/** Runs a script under strace for a while; gives the network calls that created internet sockets. */
async function internetSockets(
  home: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<readonly string[]> {
  const trace = join(home, "trace");
  const child = spawn(
    "strace",
    ["-f", "-e", "trace=network", "-o", trace, process.execPath, ...args],
    {
      env: { PATH: process.env["PATH"] ?? "", HOME: home, ...env },
      stdio: "ignore",
    },
  );
  const exited = once(child, "exit");
  await wait(WATCHED_MS);
  // strace passes no signal on: its child is ended by its own id.
  const traced = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
  process.kill(Number(traced), "SIGTERM");
  await exited;
  return readFileSync(trace, "utf8")
    .split("\n")
    .filter((line) => /socket\(AF_INET/.test(line));
}

suite("telemetry", { skip: withoutStrace, concurrency: true }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-telemetry-"));
  after(() => rmSync(folder, { recursive: true }));
  const model = `${FIXTURE_MODELS}double.onnx`;

  test("the runtime opens its listener and no other internet socket, and leaves no device id", async () => {
    const home = mkdtempSync(join(folder, "runtime-"));
    const file = join(home, "endpoint.json");
    writeFileSync(file, JSON.stringify(await endpointOf({ blue: { path: model } })));
    const main = join(REPOSITORY, "dist/src/runtime/main.js");
    const sockets = await internetSockets(home, [main], {
      EDGEWRIGHT_ENDPOINT: file,
      EDGEWRIGHT_PORT: "0",
    });
    assert.equal(sockets.length, 1, sockets.join("\n"));
    assert.ok(!existsSync(join(home, ".cache/Microsoft")));
  });

  test("the library alone, without the variable, does both: the watch above can see it", async () => {
    const home = mkdtempSync(join(folder, "bare-"));
    const script = `require("onnxruntime-node").InferenceSession.create(${JSON.stringify(model)}); setTimeout(() => {}, 60000)`;
    const bare = join(REPOSITORY, "node_modules/bare.cjs");
    writeFileSync(bare, script);
    after(() => rmSync(bare));
    const sockets = await internetSockets(home, [bare], {});
    assert.ok(sockets.length > 0);
    assert.ok(existsSync(join(home, ".cache/Microsoft")));
  });
});
