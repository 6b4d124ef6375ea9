/** What a batch script starts: it works, and nothing of it is left when the job ends or is killed. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { batchWorkspace, jobArgs, linesOf, numberFiles } from "../support/batch.ts";
import { edgewright } from "../support/edgewright.ts";
import { REPOSITORY } from "../support/repository.ts";
import { PYTHON, withoutPython } from "../support/script.ts";

/** In its group, in a session of its own, and without a parent; the numbers go to a file. */
const STARTS = `
import os, subprocess, sys, time
def started(*args, **options):
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/../pids", "a") as file:
        file.write("%d\\n" % subprocess.Popen(*args, **options).pid)
def init():
    started(["sleep", "600"])
    started(["sleep", "600"], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        started(["sleep", "600"])
        os._exit(0)
    os.wait()
`;

async function gone(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    for (let tries = 0; existsSync(`/proc/${pid}`); tries += 1) {
      assert.ok(tries < 500, `${pid} is left`);
      await wait(10);
    }
  }
}

const pidsIn = (folder: string): readonly number[] => linesOf(folder, "pids").map(Number);

void suite("what a batch script starts", { skip: withoutPython(), timeout: 120_000 }, () => {
  void test("is gone when the job is done, and the job does not wait for what holds its output", async (t) => {
    const script = `${STARTS}
def run(mini_batch):
    return list(mini_batch)
`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(10, 0) });
    const { code } = await job("out");
    assert.equal(code, 0);
    const pids = pidsIn(folder);
    assert.equal(pids.length, 3);
    await gone(pids);
  });

  void test("is gone when the main process is killed", async (t) => {
    const script = `${STARTS}
def run(mini_batch):
    time.sleep(600)
`;
    const { folder } = batchWorkspace(t, { script, files: numberFiles(10, 0) });
    const child = spawn(
      process.execPath,
      [`${REPOSITORY}bin/edgewright.js`, ...jobArgs(folder, "out", ["--json"])],
      { stdio: "ignore" },
    );
    const exit = once(child, "exit");
    while (!existsSync(join(folder, "pids")) || pidsIn(folder).length < 3) await wait(10);
    child.kill("SIGKILL");
    await exit;
    await gone(pidsIn(folder));
  });

  void test("outlives its guard where that is killed, and the job ends all the same", async (t) => {
    const script = `
import os, signal, subprocess, time
def run(mini_batch):
    output = os.environ["AZUREML_BI_OUTPUT_PATH"]
    if not os.path.exists(output + "/../pids"):
        pid = subprocess.Popen(["sleep", "600"], start_new_session=True).pid
        with open(output + "/../pids", "w") as file:
            file.write("%d\\n" % pid)
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    return list(mini_batch)
`;
    const { folder, job } = batchWorkspace(t, { script, files: numberFiles(10, 0) });
    const { code, totals } = await job("out");
    const [pid = 0] = pidsIn(folder);
    process.kill(pid, "SIGKILL");
    assert.deepEqual([code, totals.retries, totals.failed], [0, 1, 0]);
  });

  void test("may be started by a shell script, named from the current folder", async (t) => {
    const script = `${STARTS}
def run(mini_batch):
    return list(mini_batch)
`;
    const { folder } = batchWorkspace(t, {
      script,
      files: numberFiles(5, 0),
      beside: { "python.sh": `#!/bin/sh\n"${PYTHON}" "$@"\n` },
    });
    chmodSync(join(folder, "python.sh"), 0o755);
    const { code } = await edgewright(jobArgs(folder, "out", ["--python=./python.sh"]), {
      cwd: folder,
    });
    assert.equal(code, 0);
    await gone(pidsIn(folder));
  });

  for (const method of ["fork", "spawn", "forkserver"]) {
    void test(`may be a pool of processes by ${method}`, async (t) => {
      const script = `
import multiprocessing, os
def name_of(path):
    return "%s %d" % (os.path.basename(path), os.getpid() == parent)
def init():
    global pool
    pool = multiprocessing.get_context("${method}").Pool(2)
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/../pids", "w") as file:
        file.write("".join("%d\\n" % child.pid for child in multiprocessing.active_children()))
parent = os.environ.setdefault("PARENT", str(os.getpid())) and int(os.environ["PARENT"])
def run(mini_batch):
    return pool.map(name_of, mini_batch)
`;
      const { folder, job } = batchWorkspace(t, { script, files: numberFiles(7, 0) });
      const { code } = await job("out", "--timeout=20", "--max-retries=1");
      assert.equal(code, 0, readFileSync(join(folder, "out/report.json"), "utf8"));
      assert.deepEqual(
        linesOf(folder, "out/append_row.txt"),
        Object.keys(numberFiles(7, 0)).map((name) => `${name} 0`),
      );
      assert.equal(pidsIn(folder).length, 2);
      await gone(pidsIn(folder));
    });
  }
});
