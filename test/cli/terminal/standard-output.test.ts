import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync, closeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";

import { REPOSITORY } from "../../support/repository.ts";

const BIN = `${REPOSITORY}bin/edgewright.js`;
const SPEC = "examples/bearing-monitor/endpoint.yml";
const NO_FULL = !existsSync("/dev/full") && "no /dev/full here";

suite("standard output", () => {
  for (const args of [["validate", SPEC, "--json"], ["validate", SPEC], ["--help"]]) {
    test(`a full disk is a problem of ${args.join(" ")}`, { skip: NO_FULL }, async () => {
      const full = openSync("/dev/full", "w");
      const child = spawn(process.execPath, [BIN, ...args], {
        cwd: REPOSITORY,
        stdio: ["ignore", full, "pipe"],
      });
      closeSync(full);
      assert.ok(child.stderr);
      const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /error CLI_OUTPUT  stdout cannot be written: the disk is full \(ENOSPC\)/,
      );
      assert.match(stderr, /hint: [A-Z]/);
      assert.doesNotMatch(stderr, /at .*\.js|Unhandled/);
    });
  }

  test("a reader who has enough ends a command quietly", async () => {
    const child = spawn(process.execPath, [BIN, "validate", SPEC, "--resolved"], {
      cwd: REPOSITORY,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /EPIPE|error/);
  });
});
