import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { suite, test } from "node:test";

import { isGone, ownerMark } from "../../src/core/machine/owner.ts";
import { makeWorkFolder } from "../../src/packager/leftovers.ts";
import { createOutputFiles } from "../../src/packager/output/output-files.ts";
import { claimFolder } from "../../src/packager/output/output-folder.ts";
import { tempFolder } from "./support/temp-folder.ts";

/** Of a process that was there, with the mark that it had. */
async function endedMark(): Promise<string> {
  const child = spawn("sleep", ["60"]);
  const mark = ownerMark(child.pid);
  child.kill("SIGKILL");
  await new Promise((resolve) => child.once("exit", resolve));
  return mark;
}

suite("what a killed build has left", () => {
  test("a mark is gone when its process is, and never one of another machine", async () => {
    const ended = await endedMark();
    assert.ok(isGone(ended));
    assert.ok(!isGone(ownerMark()));
    assert.ok(!isGone(ended.replace(/.{8}$/u, "00000000")));
    assert.ok(!isGone(ended.replace(/-\d+-/u, "--")));
    // The number is ours, the start is another's.
    assert.ok(isGone(ownerMark().replace(/-\d+-/u, "-1-")));
  });

  test("a killed process leaves a draft and a folder, and the next build removes both", async (t) => {
    const folder = await tempFolder(t);
    const output = new URL("../../src/packager/output/output-files.js", import.meta.url).href;
    const leftovers = new URL("../../src/packager/leftovers.js", import.meta.url).href;
    const script = `
      const { createOutputFiles } = await import("${output}");
      const { makeWorkFolder } = await import("${leftovers}");
      await createOutputFiles().claim("${folder}/pump.tar");
      await makeWorkFolder("${folder}");
      process.kill(process.pid, "SIGKILL");`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    assert.equal(signal, "SIGKILL");
    assert.equal((await readdir(folder)).length, 2);
    const outputs = createOutputFiles();
    await outputs.claim(join(folder, "other.tar"));
    const work = await makeWorkFolder(folder);
    await outputs.discard();
    assert.deepEqual(await readdir(folder), [basename(work)]);
  });

  test("what belongs to a living process stays", async (t) => {
    const folder = await tempFolder(t);
    const first = createOutputFiles();
    await first.write(join(folder, "a"), "1");
    const work = await makeWorkFolder(folder);
    const second = createOutputFiles();
    await second.write(join(folder, "a"), "2");
    await makeWorkFolder(folder);
    await first.commit();
    assert.equal(await readFile(join(folder, "a"), "utf8"), "1");
    assert.ok((await readdir(folder)).includes(basename(work)));
    await second.discard();
  });

  test("a folder that waited for its new one goes back where none came, else away", async (t) => {
    const folder = await tempFolder(t);
    const mark = await endedMark();
    for (const name of ["lost", "made"]) {
      const old = join(folder, `.${name}.${mark}-00000000.part.old`);
      await mkdir(old);
      await writeFile(join(old, "oci-layout"), name);
    }
    await mkdir(join(folder, "made"));
    const claimed = await claimFolder(join(folder, "next"), "oci-layout");
    await claimed.discard();
    assert.deepEqual((await readdir(folder)).toSorted(), ["lost", "made"]);
    assert.equal(await readFile(join(folder, "lost", "oci-layout"), "utf8"), "lost");
    assert.deepEqual(await readdir(join(folder, "made")), []);
  });
});
