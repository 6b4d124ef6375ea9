import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { ask, post, servedScript, withoutPython } from "../../support/script.ts";
import type { Answer, ServedScript } from "../../support/script.ts";

/** Runs what it is sent, as statements; answers with the process's id. */
const EXECUTES = `
import json, os, sys, threading, time
from azureml_inference_server_http.api.aml_response import AMLResponse
def init():
    pass
def run(data):
    scope = {**globals()}
    exec(data, scope)
    return scope.get("result", os.getpid())
`;

const FAILED =
  '{"message": "An unexpected error occurred in scoring script. Check the logs for more info."}';

async function pidOf({ url }: ServedScript): Promise<number> {
  return Number((await post(url, "pass")).text);
}

/** Settles when a process is gone; the test runner's own limit ends it otherwise. */
async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setImmediate(resolve));
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return (
          readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(pid)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

void suite("a script that misbehaves", { skip: withoutPython(), timeout: 60_000 }, () => {
  void test("no header ends the runtime, whatever it is called", async (t) => {
    const script = await servedScript(t, EXECUTES);
    for (const name of [
      "Trailer",
      "Keep-Alive",
      "Upgrade",
      "constructor",
      "__proto__",
      "toString",
    ]) {
      const source = `result = AMLResponse("xyz", 200, {"${name}": "x"})`;
      const { status, text } = await post(script.url, source);
      assert.equal(status, 200, `${name}: ${text}`);
      assert.equal(text, "xyz", name);
    }
  });

  void test("who leaves a stream that has stalled takes the process along, not the next request", async (t) => {
    const deployment = { requestTimeoutMs: 30_000, maxQueueWaitMs: 30_000 };
    const script = await servedScript(t, EXECUTES, { deployment });
    const before = await pidOf(script);
    const leaving = new AbortController();
    const stalled =
      "def g():\n    yield b'first'\n    time.sleep(1e6)\nresult = AMLResponse(g(), 200)";
    const { body } = await fetch(`${script.url}/score`, {
      method: "POST",
      body: stalled,
      signal: leaving.signal,
    });
    const first = await body?.getReader().read();
    assert.equal(Buffer.from(first?.value ?? []).toString(), "first");
    leaving.abort();
    assert.notEqual(await pidOf(script), before);
  });

  void test("past its time it is killed from outside, whatever it catches: 408, then served anew", async (t) => {
    const deployment = { requestTimeoutMs: 700, maxQueueWaitMs: 700 };
    const script = await servedScript(t, EXECUTES, { deployment });
    const cases = [
      "time.sleep(1000)",
      "while True:\n    try:\n        time.sleep(1000)\n    except BaseException:\n        pass",
      "import signal\nfor n in (1, 2, 3, 6, 14, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: pass",
      "sum(iter(int, 1))",
    ];
    for (const source of cases) {
      const before = await pidOf(script);
      const { status } = await post(script.url, source);
      assert.equal(status, 408, source);
      await gone(before);
      const after = await pidOf(script);
      assert.notEqual(after, before);
    }
  });

  void test("SCORING_TIMEOUT_MS gives the server's 500, from outside as well", async (t) => {
    const script = await servedScript(t, EXECUTES, { env: { SCORING_TIMEOUT_MS: "300" } });
    const source =
      "while True:\n    try:\n        time.sleep(9)\n    except Exception:\n        pass";
    const { status, text, headers } = await post(script.url, source);
    assert.deepEqual([status, text], [500, '{"message": "Scoring timeout after 300 ms"}']);
    assert.equal(headers.get("x-ms-run-function-failed"), "True");
    assert.equal((await post(script.url, "time.sleep(0.05)")).status, 200);
  });

  void test("timeouts that no timer can hold are as none", async (t) => {
    const env = { SCORING_TIMEOUT_MS: String(2 ** 31), WORKER_TIMEOUT: String(2 ** 31) };
    const script = await servedScript(t, EXECUTES, { env });
    assert.equal((await post(script.url, "time.sleep(0.05)")).status, 200);
  });

  void test("an end of the process is 500, and the next request is served", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const cases = [
      "os._exit(0)",
      "os.kill(os.getpid(), 9)",
      "import ctypes; ctypes.string_at(0)",
      "os.close(3); os._exit(1)",
    ];
    for (const source of cases) {
      const before = await pidOf(script);
      const { status, text } = await post(script.url, source);
      assert.deepEqual([status, text], [500, FAILED], source);
      assert.notEqual(await pidOf(script), before);
    }
    await script.logged(/the script's process ended while it ran: it ended with exit code 0/);
  });

  void test("recursion without end is an error or an end, and the next request is served", async (t) => {
    const deployment = { memoryBytes: 200 * 1024 * 1024, requestTimeoutMs: 20_000 };
    const script = await servedScript(t, EXECUTES, { deployment });
    const sources = [
      "def f(): f()\nf()",
      "sys.setrecursionlimit(10**9)\nthreading.stack_size(64 * 1024)\ndef f(n): return f(n + 1) + 1\nf(0)",
    ];
    for (const source of sources) {
      assert.deepEqual(await post(script.url, source).then(answerOf), [500, FAILED]);
      assert.equal((await post(script.url, "result = 1")).text, "1");
    }
  });

  void test("past the memory limit it is killed by us, and memory is back to normal", async (t) => {
    const deployment = { memoryBytes: 200 * 1024 * 1024, requestTimeoutMs: 20_000 };
    const script = await servedScript(t, EXECUTES, { deployment });
    const before = await pidOf(script);
    const source = "kept = []\nwhile True: kept.append(bytearray(1_000_000))";
    assert.deepEqual(await post(script.url, source).then(answerOf), [500, FAILED]);
    await script.logged(/it held \d+ bytes of memory, its limit is 209715200/);
    await gone(before);
    const after = await pidOf(script);
    const resident = Number(readFileSync(`/proc/${after}/statm`, "utf8").split(" ")[1]) * 4096;
    assert.ok(resident < 60 * 1024 * 1024, `${resident} bytes`);
  });

  void test("of a fork that comes back from run() only the parent answers, and serves on", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const before = await pidOf(script);
    const forked = Number((await post(script.url, "result = os.fork()")).text);
    assert.ok(forked > 0);
    await post(script.url, `os.waitpid(${forked}, 0)`);
    assert.deepEqual(childrenOf(before), []);
    assert.equal(await pidOf(script), before);
  });

  void test("a status that cannot end a request is the server's fault, and nobody ends", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const before = await pidOf(script);
    for (const status of [-1, 0, 99, 100, 101, 103, 1000, 2 ** 40]) {
      const { status: got, text } = await post(script.url, `result = AMLResponse("x", ${status})`);
      assert.equal(got, 500, String(status));
      assert.match(text, /^\{"message": "An unexpected internal error/);
    }
    assert.equal((await post(script.url, 'result = AMLResponse("x", 999)')).status, 999);
    assert.equal(await pidOf(script), before);
  });

  void test("what it writes to the runtime's own socket ends the script, not the runtime", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const frame = (kind: number, text: string, body = 0): string =>
      `import struct\nos.write(3, struct.pack("<BII", ${kind}, ${text.length}, ${body}) + b'${text}')\ntime.sleep(1000)`;
    const cases = [
      frame(3, "{"),
      frame(3, "[]"),
      frame(3, '["x",[],"",false]'),
      frame(3, '[99,[],"",false]'),
      frame(3, '[200,[["a"]],"",false]'),
      frame(3, "null"),
      frame(8, "[1,2]"),
      frame(7, "null"),
      "os.write(3, b'\\xff' * 100)\ntime.sleep(1000)",
    ];
    for (const source of cases) {
      assert.deepEqual(await post(script.url, source).then(answerOf), [500, FAILED], source);
      assert.equal((await post(script.url, "result = 1")).text, "1");
    }
    await script.logged(/what it wrote to the runtime's socket cannot be read/);
  });

  void test("the kernel would take a script before the runtime", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const pid = await pidOf(script);
    assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim(), "1000");
  });

  void test("a killed script takes its own children along", async (t) => {
    const deployment = { requestTimeoutMs: 800 };
    const script = await servedScript(t, EXECUTES, { deployment });
    const pid = await pidOf(script);
    const source = `
import subprocess
subprocess.Popen(["sleep", "1000"])
if os.fork() == 0:
    time.sleep(1000)
time.sleep(1000)`;
    const answer = post(script.url, source);
    while (childrenOf(pid).length < 2) await new Promise((resolve) => setImmediate(resolve));
    const children = childrenOf(pid);
    assert.equal((await answer).status, 408);
    await Promise.all([pid, ...children].map(gone));
  });

  void test("a script that ends by itself leaves nothing that it has started", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const source = "import subprocess\nresult = subprocess.Popen(['sleep', '1000']).pid";
    const child = Number((await post(script.url, source)).text);
    assert.ok(existsSync(`/proc/${child}`));
    assert.deepEqual(await post(script.url, "os._exit(3)").then(answerOf), [500, FAILED]);
    await gone(child);
  });

  void test("what has left the script's session ends with its process, too", async (t) => {
    const script = await servedScript(t, EXECUTES, { deployment: { requestTimeoutMs: 800 } });
    const source =
      "import subprocess\nresult = subprocess.Popen(['sleep', '1000'], start_new_session=True).pid";
    for (const [end, status] of [
      ["os._exit(3)", 500],
      ["time.sleep(1000)", 408],
    ] as const) {
      const child = Number((await post(script.url, source)).text);
      assert.ok(existsSync(`/proc/${child}`));
      assert.equal((await post(script.url, end)).status, status);
      await gone(child);
    }
  });

  void test("a guard that is killed takes the script along, and the next request is served", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const before = await pidOf(script);
    const source = "os.kill(os.getppid(), 9)\ntime.sleep(1000)";
    assert.deepEqual(await post(script.url, source).then(answerOf), [500, FAILED]);
    await gone(before);
    assert.notEqual(await pidOf(script), before);
  });

  void test("a process that the script's thread has forked outlives the thread", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const source = `
pids = []
def fork():
    pids.append(os.fork())
    if pids[0] == 0:
        time.sleep(0.5)
        os._exit(7)
thread = threading.Thread(target=fork)
thread.start()
thread.join()
result = os.WEXITSTATUS(os.waitpid(pids[0], 0)[1])`;
    assert.equal((await post(script.url, source)).text, "7");
  });

  void test("a caller that goes away does not cost the script its process", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const pid = await pidOf(script);
    const leaving = new AbortController();
    const request = ask(script.url, {
      method: "POST",
      body: "print('begun')\ntime.sleep(0.3)",
      signal: leaving.signal,
    });
    await script.logged(/begun/);
    leaving.abort();
    await assert.rejects(request);
    assert.equal(await pidOf(script), pid);
  });

  void test("a stream that nobody reads to its end leaves the script's process free", async (t) => {
    const script = await servedScript(t, EXECUTES);
    const leaving = new AbortController();
    const response = await fetch(`${script.url}/score`, {
      method: "POST",
      body: "result = AMLResponse((b'x' * 10000 for _ in range(100000)), 200)",
      signal: leaving.signal,
    });
    const reader = response.body?.getReader();
    await reader?.read();
    leaving.abort();
    await assert.rejects(async () => {
      for (;;) if ((await reader?.read())?.done === true) return;
    });
    assert.equal((await post(script.url, "result = 2")).text, "2");
  });

  void test("when the runtime stops, no process is left", async (t) => {
    const script = await servedScript(t, EXECUTES, { env: { WORKER_COUNT: "2" } });
    const pid = await pidOf(script);
    await script.stop();
    await gone(pid);
  });
});

function answerOf({ status, text }: Answer): [number, string] {
  return [status, text];
}
