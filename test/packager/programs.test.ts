import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { hostPrograms } from "../../src/packager/programs.ts";
import { tempFolder } from "./support/temp-folder.ts";

const run = hostPrograms({ PATH: process.env["PATH"] });

suite("hostPrograms", () => {
  test("output, errors, exit code and environment arrive", async (t) => {
    const script =
      "console.log(process.env.A, process.cwd()); console.error('no'); process.exit(3)";
    const cwd = await tempFolder(t);
    const result = await run(process.execPath, ["-e", script], { cwd, env: { A: "1" } });
    assert.deepEqual(result, { found: true, exitCode: 3, stdout: `1 ${cwd}\n`, stderr: "no\n" });
  });

  test("a program that is not there is a result, not an error", async (t) => {
    const result = await run("no-such-program-here", [], { cwd: await tempFolder(t) });
    assert.deepEqual(result, { found: false });
  });

  test("output goes whole into a file where one is named", async (t) => {
    const cwd = await tempFolder(t);
    const stdoutFile = join(cwd, "out");
    const script = "process.stdout.write(Buffer.alloc(3_000_000, 7))";
    await run(process.execPath, ["-e", script], { cwd, stdoutFile });
    assert.equal((await readFile(stdoutFile)).length, 3_000_000);
  });
});
