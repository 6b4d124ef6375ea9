/** What is around a batch job: a disk that is full, a terminal that is looked at. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { batchWorkspace, jobArgs, linesOf, numberFiles } from "../support/batch.ts";
import { edgewrightJson } from "../support/edgewright.ts";
import { REPOSITORY } from "../support/repository.ts";
import { PYTHON, withoutPython } from "../support/script.ts";

/** The reason to skip, or false. */
function withoutMount(): string | false {
  const place = mkdtempSync(join(tmpdir(), "edgewright-test-mount-"));
  const { status } = mount(place, "64k");
  if (status === 0) spawnSync("umount", [place]);
  rmdirSync(place);
  return status === 0 ? false : "this user may not mount a file system of a size";
}

function mount(place: string, size: string, ...options: readonly string[]) {
  const all = [`size=${size}`, ...options].join(",");
  return spawnSync("mount", ["-t", "tmpfs", "-o", all, "tmpfs", place]);
}

void suite("a batch job on a full disk", { skip: withoutPython() || withoutMount() }, () => {
  /** Rows that fill the journal, and outside of the disk a line for each file that was scored. */
  const script = `
import os
def run(mini_batch):
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/../scored", "a") as file:
        file.write("".join(path + "\\n" for path in mini_batch))
    return [os.path.basename(path) + " " + "x" * 20000 for path in mini_batch]
`;

  /** The output folder as a disk of a size, for as long as the work takes. */
  async function withDisk(
    folder: string,
    size: string,
    work: (grow: (size: string) => void) => Promise<void>,
  ): Promise<void> {
    const place = join(folder, "out");
    mkdirSync(place);
    assert.equal(mount(place, size).status, 0);
    try {
      await work((larger) => assert.equal(mount(place, larger, "remount").status, 0));
    } finally {
      spawnSync("umount", [place]);
    }
  }

  void test("stops with 75 as often as it is started, and goes on where it was when there is room", async (t) => {
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(200, 0) });
    await withDisk(folder, "1m", async (grow) => {
      const stopped = await job("out");
      assert.deepEqual([stopped.code, stopped.codes], [75, ["BATCH_STOPPED"]]);
      assert.match(stopped.messages.join(), /ENOSPC/);
      const done = stopped.totals.files;
      assert.ok(done > 0 && done < 200, `${done} files were done`);
      assert.equal(existsSync(join(folder, "out/append_row.txt")), false);
      const again = await job("out");
      assert.deepEqual([again.code, again.codes], [75, ["BATCH_STOPPED"]]);

      grow("32m");
      const { code, totals } = await job("out");
      assert.deepEqual([code, totals.files, totals.rows], [0, 200, 200]);
      const names = linesOf(folder, "out/append_row.txt").map((line) => line.split(" ")[0]);
      assert.deepEqual(names, Object.keys(numberFiles(200, 0)).toSorted());
      // The mini-batch that had no room, at each of two starts.
      const scored = linesOf(folder, "scored").length;
      assert.ok(scored <= 200 + 2 * 5, `${scored} were scored`);
    });
  });

  void test("one without room for the first file is no job that is half there", async (t) => {
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(20, 0) });
    await withDisk(folder, "4k", async (grow) => {
      const { code, codes } = await job("out");
      assert.deepEqual([code, codes], [75, ["BATCH_STOPPED"]]);
      grow("8m");
      const whole = await job("out");
      assert.deepEqual([whole.code, whole.totals.rows], [0, 20]);
    });
  });
});

void suite("a batch job whose output cannot be", { skip: withoutPython() }, () => {
  /** One that hangs fails here, and not with the whole suite. */
  const limit = { timeout: 60_000 };

  void test(
    "where no folder can be made it is refused, with the system's reason",
    limit,
    async (t) => {
      const { folder } = batchWorkspace(t, { files: numberFiles(2, 0) });
      for (const output of ["/proc/foo", "/proc/foo/deep"]) {
        const args = ["batch", join(folder, "spec.yml"), "--input", join(folder, "in")];
        const { code, document } = await edgewrightJson([...args, "--output", output]);
        const [problem] = document.problems;
        assert.deepEqual([code, problem?.code], [1, "BATCH_OUTPUT"]);
        assert.match(problem?.message ?? "", /\/proc\/foo.*cannot be written: ENOENT/);
        assert.match(problem?.hint ?? "", /--output/);
      }
    },
  );

  void test(
    "a file system that is read only is called so",
    { ...limit, skip: withoutMount() },
    async (t) => {
      const { folder, job } = batchWorkspace(t, { files: numberFiles(2, 0) });
      const place = join(folder, "fixed");
      mkdirSync(place);
      assert.equal(mount(place, "64k", "ro").status, 0);
      const { code, codes, messages } = await job("fixed/out").finally(() =>
        spawnSync("umount", [place]),
      );
      assert.deepEqual([code, codes], [1, ["BATCH_OUTPUT"]]);
      assert.match(messages.join(), /EROFS/);
    },
  );
});

void suite("a batch job whose output goes away", { skip: withoutPython() }, () => {
  void test("stops with 75 where no file may grow further", async (t) => {
    const script = "def run(mini_batch):\n    return ['x' * 20000 for _ in mini_batch]\n";
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(60, 0) });
    const limited = 'ulimit -f 400; exec "$@"';
    const command = [process.execPath, `${REPOSITORY}bin/edgewright.js`];
    const { status, stdout } = spawnSync(
      "bash",
      ["-c", limited, "bash", ...command, ...jobArgs(folder, "out", ["--json"])],
      { encoding: "utf8" },
    );
    assert.equal(status, 75, stdout);
    assert.match(stdout, /"BATCH_STOPPED".*EFBIG/);
    const { code, totals } = await job("out");
    assert.deepEqual([code, totals.rows], [0, 60]);
  });

  void test("a working folder that was removed is said, and no defect of the program", (t) => {
    const { folder } = batchWorkspace(t, { files: numberFiles(1, 0) });
    const gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    const command = [process.execPath, `${REPOSITORY}bin/edgewright.js`];
    const { status, stdout } = spawnSync(
      "bash",
      ["-c", gone, "bash", ...command, ...jobArgs(folder, "out", ["--json"])],
      { encoding: "utf8", cwd: folder },
    );
    assert.equal(status, 1, stdout);
    assert.match(stdout, /"CLI_FOLDER"/);
  });

  void test("stops with 75 and says so when its folder is removed", async (t) => {
    const script =
      "import time\ndef run(mini_batch):\n    time.sleep(0.2)\n    print(1)\n    return list(mini_batch)\n";
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(60, 0) });
    const running = job("out");
    const out = join(folder, "out");
    while (!existsSync(join(out, "logs/user/stdout"))) await wait(10);
    renameSync(out, join(folder, "elsewhere"));
    const { code, codes, messages } = await running;
    assert.deepEqual([code, codes], [75, ["BATCH_STOPPED"]]);
    assert.match(messages.join(), /out\/\.edgewright is gone/);
    assert.equal(existsSync(join(out, ".edgewright")), false);
  });
});

/** Runs a command in a terminal of so many columns, and gives back all that it wrote there. */
const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

void suite("a batch job in a terminal", { skip: withoutPython("pty") }, () => {
  for (const columns of [120, 40]) {
    void test(`shows a bar that fills, in one line of ${columns} columns`, async (t) => {
      const script =
        "import time\ndef run(mini_batch):\n    time.sleep(0.3)\n    return mini_batch\n";
      const { folder } = batchWorkspace(t, { script, files: numberFiles(60, 0) });
      const command = [process.execPath, `${REPOSITORY}bin/edgewright.js`];
      const terminal = spawn(
        PYTHON,
        ["-c", TERMINAL, String(columns), ...command, ...jobArgs(folder, "out", [])],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const exit = once(terminal, "exit") as Promise<[number | null]>;
      const [shown, [code]] = await Promise.all([text(terminal.stdout), exit]);
      assert.equal(code, 0);
      const lines = shown
        .split("\r\u001B[K")
        .slice(1)
        .map((line) => line.split("\r\n")[0] ?? "");
      assert.ok(lines.length >= 4, JSON.stringify(shown));
      const filled = lines.map((line) => line.split("█").length - 1);
      assert.deepEqual(
        filled,
        filled.toSorted((a, b) => a - b),
        "it never goes back",
      );
      assert.deepEqual([filled[0], filled.at(-1)], [0, 24]);
      for (const line of lines) assert.ok(line.length < columns, line);
      if (columns > 80) {
        assert.match(
          lines.at(2) ?? "",
          /^[█░]{24} \d+ of 60 files \(\d+ %\), 0 failed, \d+\.\d files\/s, \d+ s left$/,
        );
        assert.match(lines.at(-1) ?? "", /60 of 60 files \(100 %\)/);
      }
      assert.match(shown, /complete: 60 files succeeded, 0 failed, 60 rows in /);
    });
  }
});
