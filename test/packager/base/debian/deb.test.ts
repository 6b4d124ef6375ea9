import assert from "node:assert/strict";
import { chmod, link, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { UserError } from "../../../../src/core/problem.ts";
import { debEntries } from "../../../../src/packager/base/debian/deb.ts";
import { canonicalEntries } from "../../../../src/packager/entry.ts";
import { hostPrograms } from "../../../../src/packager/programs.ts";
import type { RunProgram } from "../../../../src/packager/programs.ts";
import { readBack } from "../../support/entries.ts";
import { isThere } from "../../support/shared-cache.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const NO_DPKG = isThere("dpkg-deb") ? false : "dpkg-deb is not on this machine";
const CONTROL =
  "Package: probe\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n";
const run = hostPrograms(process.env);

async function makeDeb(t: TestContext): Promise<{ folder: string; file: string }> {
  const folder = await tempFolder(t);
  const tree = join(folder, "tree");
  const files = {
    "DEBIAN/control": CONTROL,
    "lib/x86_64-linux-gnu/libprobe.so.1": "elf",
    "usr/share/doc/probe/copyright": "yours",
    "usr/share/doc/probe/changelog.gz": "long",
    "usr/share/man/man1/probe.1": "page",
    "usr/bin/probe": "program",
    "etc/probe.conf": "set",
    "usr/share/zoneinfo/UTC": "zone",
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), text);
    await chmod(join(tree, path), path.includes(".so") ? 0o755 : 0o644);
  }
  await symlink("libprobe.so.1", join(tree, "lib/x86_64-linux-gnu/libprobe.so"));
  await link(join(tree, "usr/share/zoneinfo/UTC"), join(tree, "usr/share/zoneinfo/Zulu"));
  const file = join(folder, "probe.deb");
  const built = await run("dpkg-deb", ["--root-owner-group", "--build", tree, file], {
    cwd: folder,
  });
  assert.ok(built.found && built.exitCode === 0);
  return { folder, file };
}

const absent: RunProgram = () => Promise.resolve({ found: false });

suite("debEntries", { skip: NO_DPKG }, () => {
  test("keeps what runs and the licence, below /usr, and says what is installed", async (t) => {
    const { folder, file } = await makeDeb(t);
    const entries = await debEntries({ name: "probe", version: "1", file, run, folder });
    const files = canonicalEntries(entries).filter(({ kind }) => kind !== "directory");
    assert.deepEqual(
      files.map(({ path }) => path),
      [
        "etc/probe.conf",
        "usr/lib/x86_64-linux-gnu/libprobe.so",
        "usr/lib/x86_64-linux-gnu/libprobe.so.1",
        "usr/share/doc/probe/copyright",
        "usr/share/zoneinfo/UTC",
        "usr/share/zoneinfo/Zulu",
        "var/lib/dpkg/status.d/probe",
      ],
    );
    const read = await readBack(entries, folder);
    assert.equal(read.get("usr/share/zoneinfo/Zulu")?.text, "zone");
    assert.equal(read.get("usr/lib/x86_64-linux-gnu/libprobe.so")?.target, "libprobe.so.1");
    assert.equal(read.get("usr/lib/x86_64-linux-gnu/libprobe.so.1")?.executable, true);
    assert.equal(read.get("var/lib/dpkg/status.d/probe")?.text, CONTROL);
  });

  for (const [name, version] of [
    ["probe", "2"],
    ["other", "1"],
  ] as const) {
    test(`a package that the lock calls ${name} ${version} and is not is refused`, async (t) => {
      const { folder, file } = await makeDeb(t);
      await assert.rejects(
        debEntries({ name, version, file, run, folder }),
        (error) =>
          error instanceof UserError &&
          error.problems[0]?.code === "BUILD_LOCK_CHANGED" &&
          error.message.includes(`calls ${name} ${version} says that it is probe 1`),
      );
    });
  }

  test("a file that is no package is refused by the package's name", async (t) => {
    const folder = await tempFolder(t);
    const file = join(folder, "probe.deb");
    await writeFile(file, "rubbish");
    await assert.rejects(
      debEntries({ name: "probe", version: "1", file, run, folder }),
      (error) => error instanceof UserError && /cannot unpack probe/u.test(error.message),
    );
  });
});

suite("debEntries without dpkg-deb", () => {
  test("says what it is for", async (t) => {
    await assert.rejects(
      debEntries({
        name: "probe",
        version: "1",
        file: "probe.deb",
        run: absent,
        folder: await tempFolder(t),
      }),
      (error) => error instanceof UserError && error.problems[0]?.code === "BUILD_PROGRAM",
    );
  });
});
