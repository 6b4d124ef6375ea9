/** Do validate, run and build say the same of a spec, at the same place? */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";

import { edgewright, edgewrightJson } from "../support/edgewright.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";
import { withoutPython } from "../support/script.ts";

suite("one verdict", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-verdict-"));
  after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "code"));
  copyFileSync(`${FIXTURE_MODELS}double.onnx`, join(folder, "double.onnx"));
  const env = { XDG_CACHE_HOME: join(folder, "cache"), EDGEWRIGHT_HOME: join(folder, "home") };
  const options = { cwd: folder, env };
  const spec = (more: string): void =>
    writeFileSync(
      join(folder, "spec.yml"),
      `name: pump\nauth_mode: none\ndeployments:\n  blue:\n    model: { path: double.onnx }\n${more}`,
    );

  test("memory that does not do is the same error before a run, a build and a request", async () => {
    spec("    resources: { limits: { memory: 1Mi } }\n");
    const verdicts: unknown[] = [];
    for (const args of [["validate"], ["run", "--port", "0"], ["build", "-o", "archive:x.tar"]]) {
      const { code, document } = await edgewrightJson([...args, "spec.yml"], options);
      assert.equal(code, 1, args[0]);
      verdicts.push(document.problems.filter(({ severity }) => severity === "error"));
    }
    const [first, ...others] = verdicts as { code: string; at: object; hint: string }[][];
    assert.equal(first?.length, 1);
    assert.equal(first[0]?.code, "SPEC_MEMORY_SHORT");
    assert.deepEqual(first[0].at, {
      file: "spec.yml",
      line: 6,
      col: 36,
      path: "deployments.blue.resources.limits.memory",
    });
    for (const other of others) assert.deepEqual(other, first);
    const least = /at least (?<least>\d+) MiB/.exec(first[0].hint)?.groups?.["least"];
    spec(`    resources: { limits: { memory: ${least}Mi } }\n`);
    const { code, stderr } = await edgewright(["validate", "spec.yml"], options);
    assert.equal(code, 0, stderr);
  });

  test("a device that is too small is said where the spec says it, a flag's without a place", async () => {
    spec("edge:\n  device: { cpus: 0.1, memory: 100Mi }\n");
    const written = await edgewrightJson(["validate", "spec.yml"], options);
    const problem = written.document.problems.find(({ severity }) => severity === "error");
    assert.equal(problem?.code, "SPEC_DEVICE_TOO_SMALL");
    assert.deepEqual(problem.at, { file: "spec.yml", line: 7, col: 11, path: "edge.device" });
    const flag = ["validate", "spec.yml", "--device", "cpus=0.1,memory=100Mi"];
    const { document } = await edgewrightJson(flag, options);
    const given = document.problems.find(({ code }) => code === "SPEC_DEVICE_TOO_SMALL");
    assert.ok(given !== undefined && given.at === undefined);
  });

  test("a script that does not compile has its line", { skip: withoutPython() }, async () => {
    spec("    code_configuration: { code: code, scoring_script: score.py }\n");
    const script = join(folder, "code", "score.py");
    writeFileSync(script, "def init():\n    pass\ndef run(data)\n    return data\n");
    for (const args of [["validate"], ["build", "-o", "archive:x.tar"]]) {
      const { code, document } = await edgewrightJson([...args, "spec.yml"], options);
      assert.equal(code, 1);
      const problem = document.problems.find(({ severity }) => severity === "error");
      assert.equal(problem?.code, "SCRIPT_SYNTAX");
      assert.deepEqual([problem.at?.file, problem.at?.line], ["code/score.py", 3]);
      assert.match(problem.message, /^Python 3\.\d+\.\d+.* cannot compile the script: /);
    }
    assert.deepEqual(readdirSync(join(folder, "code")), ["score.py"]);
    writeFileSync(script, "def init():\n    pass\ndef run(data):\n    return data\n");
    assert.equal((await edgewright(["validate", "spec.yml"], options)).code, 0);
  });

  test("where no Python is, nothing is said of a script", async () => {
    spec("    code_configuration: { code: code, scoring_script: other.py }\n");
    writeFileSync(join(folder, "code", "other.py"), "def init(\n");
    const { scriptSyntax } = await import("../../src/cli/machine/script-syntax.ts");
    const endpoint = { deployments: [{ script: { path: join(folder, "code", "other.py") } }] };
    const asked = endpoint as unknown as Parameters<typeof scriptSyntax>[0];
    assert.deepEqual(await scriptSyntax(asked, { cwd: folder, pythons: [] }), []);
    assert.deepEqual(await scriptSyntax(asked, { cwd: folder, pythons: ["/nowhere/python3"] }), []);
  });
});
