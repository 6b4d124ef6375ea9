/** A volume that is full: results go on in memory, loudly, and nothing is lost. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { edgewrightJson } from "../support/edgewright.ts";
import { REPOSITORY } from "../support/repository.ts";
import { tempFolder } from "../support/temp-folder.ts";

const SPEC = `name: full-disk
auth_mode: none
deployments:
  blue: { model: { path: ${REPOSITORY}test/fixtures/models/double.onnx } }
edge:
  volume: { name: full-disk, path: /data }
`;

const SCENARIO = `modules: { m: ./endpoint.yml }
volumes: { m: 1048576 }
routes: { up: FROM /messages/* INTO $upstream }
steps:
  - expect: { connected: m, within: 30s }
  - send: { to: m, body: { data: [[1, 2, 3]] }, count: 100, as: before }
  - fill disk: { module: m }
  - send: { to: m, body: { data: [[1, 2, 3]] }, count: 1000, as: full }
  - expect: { upstream: 1000, of: full, distinct: messageId, within: 60s }
  - cut hub: 3s
  - send: { to: m, body: { data: [[1, 2, 3]] }, count: 100, as: after }
  - kill module: m
  - expect: { upstream: 1200, distinct: messageId, within: 60s }
`;

suite("full disk", () => {
  test(
    "a full volume loses nothing",
    { skip: process.getuid?.() !== 0 && "a volume of its own needs root" },
    async (context) => {
      const folder = tempFolder(context);
      writeFileSync(join(folder, "endpoint.yml"), SPEC);
      writeFileSync(join(folder, "scenario.yml"), SCENARIO);
      const { code, document, stderr } = await edgewrightJson([
        "simulate",
        join(folder, "scenario.yml"),
        "--module-logs",
      ]);
      assert.deepEqual([code, document["lost"]], [0, 0], JSON.stringify(document["steps"]));
      assert.match(stderr, /the outbox cannot be (?:written|opened), results are kept in memory/);
    },
  );
});
