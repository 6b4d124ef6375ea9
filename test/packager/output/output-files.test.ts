import assert from "node:assert/strict";
import { lstat, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { UserError } from "../../../src/core/problem.ts";
import {
  createOutputFiles,
  outputFault,
  workFault,
} from "../../../src/packager/output/output-files.ts";
import { socketAt } from "../../support/temp-folder.ts";
import { tempFolder } from "../support/temp-folder.ts";

function isRefusal(error: unknown): boolean {
  return error instanceof UserError && error.problems[0]?.code === "BUILD_OUTPUT";
}

suite("createOutputFiles", () => {
  test("files appear together, at the commit, in folders that are made for them", async (t) => {
    const folder = await tempFolder(t);
    const outputs = createOutputFiles();
    await outputs.write(join(folder, "new", "a"), "1");
    await outputs.write(join(folder, "b"), "2");
    assert.ok(!(await readdir(folder)).includes("b"));
    await outputs.commit();
    await outputs.discard();
    assert.equal(await readFile(join(folder, "new", "a"), "utf8"), "1");
    assert.deepEqual((await readdir(folder)).toSorted(), ["b", "new"]);
  });

  test("without a commit nothing is left, and what was there stays", async (t) => {
    const folder = await tempFolder(t);
    await writeFile(join(folder, "b"), "old");
    const outputs = createOutputFiles();
    await outputs.claim(join(folder, "new", "a"));
    await outputs.write(join(folder, "b"), "new");
    await outputs.discard();
    assert.deepEqual(await readdir(folder), ["b"]);
    assert.equal(await readFile(join(folder, "b"), "utf8"), "old");
  });

  test("what is no file, such as a socket or a device, is never replaced", async (t) => {
    const folder = await tempFolder(t);
    const place = join(folder, "socket");
    await socketAt(t, place);
    const outputs = createOutputFiles();
    await assert.rejects(outputs.claim(place), isRefusal);
    await outputs.discard();
    assert.ok((await lstat(place)).isSocket());
    assert.deepEqual(await readdir(folder), ["socket"]);
  });

  test("a place that was claimed and not written does not appear", async (t) => {
    const folder = await tempFolder(t);
    const outputs = createOutputFiles();
    await outputs.claim(join(folder, "a"));
    await outputs.commit();
    await outputs.discard();
    assert.deepEqual(await readdir(folder), []);
  });

  test("a folder in the place of a file, or a file in that of a folder, is said", async (t) => {
    const folder = await tempFolder(t);
    await mkdir(join(folder, "a"));
    await writeFile(join(folder, "b"), "");
    await assert.rejects(createOutputFiles().claim(join(folder, "a")), isRefusal);
    await assert.rejects(createOutputFiles().claim(join(folder, "b", "c")), isRefusal);
  });

  test("a full disk is said with the path; another error stays what it is", () => {
    const full = Object.assign(new Error("write"), { code: "ENOSPC" });
    const fault = outputFault(full, "/data/out.tar") as UserError;
    assert.ok(isRefusal(fault));
    assert.match(fault.message, /\/data\/out\.tar cannot be written: the disk is full/u);
    const bug = new TypeError("x is not a function");
    assert.equal(outputFault(bug, "/data/out.tar"), bug);
  });

  test("a full cache or temporary folder is said with the setting that moves it", () => {
    const places = { cacheFolder: "/home/me/.cache/edgewright", temporaryFolder: "/scratch" };
    for (const [path, what, setting] of [
      [
        "/home/me/.cache/edgewright/blobs/.x.part",
        /The cache \/home\/me\/\.cache\/edgewright /u,
        /XDG/u,
      ],
      [
        "/scratch/edgewright-x/node",
        /The temporary folder \/scratch cannot be written/u,
        /TMPDIR/u,
      ],
    ] as const) {
      const full = Object.assign(new Error("write"), { code: "ENOSPC", path });
      const fault = workFault(full, places) as UserError;
      assert.match(fault.message, what);
      assert.doesNotMatch(fault.message, /\.part/u);
      assert.match(fault.problems[0]?.hint ?? "", setting);
    }
  });

  test("a place where no file can be made is not called a link", async () => {
    const claimed = createOutputFiles().claim("/proc/x.tar");
    await assert.rejects(
      claimed,
      /BUILD_OUTPUT: \/proc\/x\.tar cannot be written: no file can be/u,
    );
  });
});
