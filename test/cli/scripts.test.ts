/** Scoring scripts as users run them: which Python, what a failed start says, what is left after a kill. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { suite, test } from "node:test";

import { edgewright, edgewrightJson, startRun } from "../support/edgewright.ts";
import { ask, post, withoutPython } from "../support/script.ts";
import { tempFolder } from "../support/temp-folder.ts";

const SPEC = `name: scripted
auth_mode: none
edge:
  status: pass-through
deployments:
  blue:
    code_configuration:
      code: ./src
      scoring_script: score.py
`;
const ECHO = "def init():\n    pass\ndef run(data):\n    return data\n";

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setImmediate(resolve));
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const [, rest = ""] = readFileSync(`/proc/${name}/stat`, "utf8").split(") ");
        return rest.split(" ")[1] === String(pid);
      } catch {
        return false;
      }
    })
    .map(Number);
}

void suite("edgewright run with a script", { skip: withoutPython(), timeout: 60_000 }, () => {
  void test("says which Python runs it", async (t) => {
    const cwd = tempFolder(t, { "endpoint.yml": SPEC, "src/score.py": "import nowhere_at_all\n" });
    const { code, document } = await edgewrightJson(["run", "endpoint.yml", "--port", "0"], {
      cwd,
    });
    assert.equal(code, 1);
    const problem = document.problems.find(({ severity }) => severity === "error");
    assert.equal(problem?.code, "SCRIPT_PYTHON");
    assert.match(
      problem.message,
      /deployment 'blue': \/usr\/bin\/python3 \([\d.]+\) has no nowhere_at_all/,
    );
    const named = await edgewright(
      ["run", "endpoint.yml", "--port", "0", "--python", "/nowhere/python3"],
      { cwd },
    );
    assert.equal(named.code, 1);
    assert.match(named.stderr, /\/nowhere\/python3 cannot be started/);
  });

  void test("ends with exit code 1 and the traceback when init() fails", async (t) => {
    const source = "def init():\n    raise ValueError('no such model')\ndef run(data):\n    pass\n";
    const cwd = tempFolder(t, { "endpoint.yml": SPEC, "src/score.py": source });
    const { code, document, stderr } = await edgewrightJson(
      ["run", "endpoint.yml", "--port", "0"],
      { cwd },
    );
    assert.equal(code, 1);
    const problem = document.problems.find(({ severity }) => severity === "error");
    assert.equal(problem?.code, "SCRIPT_FAILED");
    assert.match(problem.message, /ValueError: no such model/);
    assert.match(stderr, /Traceback \(most recent call last\).*in init.*ValueError: no such model/);
  });

  void test("leaves no Python behind when it is killed", async (t) => {
    const cwd = tempFolder(t, { "endpoint.yml": SPEC, "src/score.py": ECHO });
    const running = await startRun(["endpoint.yml"], { cwd });
    assert.equal((await post(running.url, "x")).text, '"x"');
    const children = childrenOf(running.pid);
    assert.equal(children.length, 1);
    process.kill(running.pid, "SIGKILL");
    await Promise.all([running.pid, ...children].map(gone));
  });

  void test("leaves nothing of what a script has started when it is killed", async (t) => {
    const source = `
import multiprocessing, os, subprocess
from azureml.contrib.services.aml_request import AMLRequest
def length(text):
    return len(text)
def init():
    global pool
    pool = multiprocessing.get_context("spawn").Pool(1)
def run(data):
    lengths = pool.map(length, ["a", data])
    detached = subprocess.Popen(["sleep", "600"], start_new_session=True).pid
    pids = [os.getpid(), detached] + [child.pid for child in multiprocessing.active_children()]
    return {"lengths": lengths, "pids": pids}
`;
    const cwd = tempFolder(t, { "endpoint.yml": SPEC, "src/score.py": source });
    const running = await startRun(["endpoint.yml"], { cwd });
    const { text } = await post(running.url, "four");
    const { lengths, pids } = JSON.parse(text) as { lengths: number[]; pids: number[] };
    assert.deepEqual([lengths, pids.length], [[1, 4], 3]);
    process.kill(running.pid, "SIGKILL");
    await Promise.all([running.pid, ...pids].map(gone));
  });

  void test("--watch loads a script again that is saved, and goes on after one that is broken", async (t) => {
    const cwd = tempFolder(t, { "endpoint.yml": SPEC, "src/score.py": ECHO });
    const running = await startRun(["endpoint.yml", "--watch"], { cwd });
    const save = (text: string): void => writeFileSync(`${cwd}/src/score.py`, text);
    const until = async (is: (status: number, text: string) => boolean): Promise<number> => {
      const start = performance.now();
      for (;;) {
        const { status, text } = await post(running.url, "x");
        if (is(status, text)) return performance.now() - start;
      }
    };
    save(ECHO.replace("return data", 'return "second"'));
    assert.ok((await until((_, text) => text === '"second"')) < 1000);
    save("def init(:\n");
    assert.ok((await until((status) => status === 424)) < 1000);
    save(ECHO.replace("return data", 'return "third"'));
    assert.ok((await until((_, text) => text === '"third"')) < 1000);
    assert.equal((await ask(running.url, {}, "/health/live")).status, 200);
    assert.equal(await running.terminate(), 0);
  });
});
