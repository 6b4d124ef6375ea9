import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { listInputs } from "../../../src/runtime/batch/input/inputs.ts";
import { batchWorkspace, jobArgs } from "../../support/batch.ts";
import { edgewright, edgewrightJson } from "../../support/edgewright.ts";
import { withoutPython } from "../../support/script.ts";
import { tempFolder } from "../../support/temp-folder.ts";

void suite("the input of a batch job", () => {
  void test("links to files are followed, to folders not; what is left out is told", (t) => {
    const folder = tempFolder(t, { "in/a.txt": "1", "in/deep/b.txt": "2", "beside/c.txt": "3" });
    const input = join(folder, "in");
    const options = { input, output: join(folder, "out") };
    symlinkSync("../beside/c.txt", join(input, "c.txt"));
    symlinkSync("nowhere", join(input, "gone.txt"));
    symlinkSync("itself.txt", join(input, "itself.txt"));
    const files = ["a.txt", "c.txt", "deep/b.txt", "gone.txt", "itself.txt"];
    assert.deepEqual(listInputs(options), { root: input, files });
    symlinkSync("..", join(input, "deep/loop"));
    assert.equal(spawnSync("mkfifo", [join(input, "deep/pipe")]).status, 0);
    symlinkSync("pipe", join(input, "deep/to-pipe"));
    const listed = listInputs(options);
    assert.deepEqual(listed.files, files);
    assert.match(listed.skipped ?? "", /\/in\/deep\/\S+ and 2 more are left out: links to folders/);
  });

  void test("a job and a dry run tell what is left out", { skip: withoutPython() }, async (t) => {
    const { folder } = batchWorkspace(t, { files: { "a.txt": "1" } });
    mkdirSync(join(folder, "elsewhere"));
    symlinkSync("../elsewhere", join(folder, "in/linked"));
    const dry = await edgewrightJson(jobArgs(folder, "dry", ["--dry-run"]));
    const [problem] = dry.document.problems;
    assert.deepEqual([dry.code, problem?.code, problem?.severity], [0, "BATCH_INPUT", "warning"]);
    const { code, stderr } = await edgewright(jobArgs(folder, "out", []));
    assert.equal(code, 0);
    assert.match(stderr, /warn \S+\/in\/linked is left out: links to folders are not followed/);
  });
});
