import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { edgewright, edgewrightJson } from "../support/edgewright.ts";
import { FIXTURE_MODELS, REPOSITORY } from "../support/repository.ts";

suite("the command line", () => {
  test("--version prints the version of package.json", async () => {
    const { version } = JSON.parse(readFileSync(`${REPOSITORY}package.json`, "utf8")) as {
      version: string;
    };
    assert.deepEqual(await edgewright(["--version"]), {
      code: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
  });

  test("--help lists every command, and each explains itself", async () => {
    const { code, stdout } = await edgewright(["--help"]);
    assert.equal(code, 0);
    for (const name of ["validate", "inspect", "build", "run", "score", "keys", "token", "model"]) {
      assert.match(stdout, new RegExp(`^  ${name} `, "m"));
      const help = await edgewright([name, "--help"]);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`^usage: edgewright ${name} `));
    }
  });

  test("a size below zero is a wrong size, not an option", async () => {
    const args = ["build", "x.yml", "-o", "archive:x.tar", "--max-update", "-5MB"];
    const { code, stderr } = await edgewright(args);
    assert.equal(code, 2);
    assert.match(stderr, /--max-update is '-5MB', expected a size such as 500kB/u);
  });

  test("wrong usage ends with 2, on stderr, and says where help is", async () => {
    const cases: readonly (readonly string[])[] = [
      ["frobnicate"],
      ["validate"],
      ["validate", "x.yml", "--frobnicate"],
      ["inspect"],
      ["score", "http://127.0.0.1:5001"],
      ["build", "x.yml"],
      ["build", "x.yml", "-o", "floppy:a"],
      ["model", "add", "no-version", "x"],
      ["model"],
      ["run", "x.yml", "--port", "80000"],
      ["run", "x.yml", "--log-level", "loud"],
      ["build", "x.yml", "-o", "archive:x.tar", "--tag", "Bad Tag"],
    ];
    for (const args of cases) {
      const { code, stdout, stderr } = await edgewright(args);
      assert.equal(code, 2, args.join(" "));
      assert.equal(stdout, "");
      assert.match(stderr, /CLI_USAGE[^]*hint: Run edgewright .*\.\n/);
    }
  });

  test("inspect says of a model that cannot be loaded that nothing is prepared", async () => {
    const { code, stdout, stderr } = await edgewright([
      "inspect",
      `${FIXTURE_MODELS}custom-op.onnx`,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /MODEL_REFUSED[^]*hint: [A-Z].*\.\n/);
    assert.match(stdout, /^prepared: nothing, it cannot be loaded$/m);
    assert.doesNotMatch(stdout, /nothing to gain/);
  });

  test("--json prints one document and nothing else, also for wrong usage", async () => {
    const { code, document, stderr } = await edgewrightJson(["validate"]);
    assert.equal(code, 2);
    assert.equal(stderr, "");
    assert.equal(document.ok, false);
    assert.equal(document.problems[0]?.code, "CLI_USAGE");
    const versions = await edgewrightJson(["--version"]);
    assert.match(String(versions.document["version"]), /^\d+\.\d+\.\d+$/);
    assert.match(String((await edgewrightJson([])).document["help"]), /^edgewright: /);
  });

  test("a file or a target that is wrong ends with 1 and the reason", async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [["run", "x.yml"], /SPEC_NOT_FOUND/],
      [
        ["score", "http://127.0.0.1:9", "-d", "/nowhere.json"],
        /CLI_TARGET  \/nowhere\.json cannot be read/,
      ],
      [["inspect", "/nowhere.onnx"], /MODEL_UNREADABLE/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await edgewright(args);
      assert.equal(code, 1, args.join(" "));
      assert.match(stderr, message);
    }
  });
});
