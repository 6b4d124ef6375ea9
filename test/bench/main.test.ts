import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";

import { REPOSITORY } from "../support/repository.ts";
import { tempFolder } from "../support/temp-folder.ts";

function bench(args: readonly string[], path = process.env["PATH"] ?? "") {
  return spawnSync(process.execPath, [`${REPOSITORY}dist/bench/main.js`, ...args], {
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
}

suite("npm run bench", () => {
  test("without wrk says so and how to install it", (context) => {
    const { status, stderr } = bench([], tempFolder(context));
    assert.equal(status, 1);
    assert.match(stderr, /wrk is not installed/);
    assert.match(stderr, /hint: apt-get install wrk/);
  });

  test("with wrong options shows the right ones", () => {
    const { status, stderr, stdout } = bench(["--case", "everything"]);
    assert.equal(status, 2);
    assert.match(stderr, /there is no case "everything"/);
    assert.match(stderr, /usage: npm run bench/);
    assert.equal(stdout, "");
  });
});
