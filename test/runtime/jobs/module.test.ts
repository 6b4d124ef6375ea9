/** Jobs that the module of a batch endpoint is asked for: from the outside, over HTTP. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { numberFiles, USUAL_SCRIPT } from "../../support/batch.ts";
import { parseExposition } from "../../support/exposition.ts";
import { jobModule } from "../../support/job-module.ts";
import { withoutPython } from "../../support/script.ts";
import { served } from "../../support/served.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";

/** Tells of each file that it scores, and takes its time. */
const SLOW = `
import os, time
def run(mini_batch):
    time.sleep(0.1)
    with open(os.environ["AZUREML_BI_OUTPUT_PATH"] + "/scored", "a") as file:
        file.write("".join(path + "\\n" for path in mini_batch))
    return [os.path.basename(path) for path in mini_batch]
`;

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1).toSorted() : [];

void suite("jobs of a module", { skip: withoutPython() }, () => {
  void test("a job is asked for, told of, and its result read; metrics and swagger know of it", async (t) => {
    const { ask, until, data } = await jobModule(t, {
      script: USUAL_SCRIPT,
      files: numberFiles(40, 3),
    });
    const asked = await ask("POST", "/jobs", { input: "in", output: "out", mini_batch_size: 7 });
    assert.equal(asked.status, 202);
    const { id } = asked.body;
    assert.equal(asked.headers.get("location"), `/jobs/${id}`);
    const over = await until(id, "complete", "failed");
    assert.equal(over.status, "complete", JSON.stringify(over));
    const { files, total, succeeded, failed, rows } = over.progress ?? {};
    assert.deepEqual([files, total, succeeded, failed, rows], [40, 40, 37, 3, 37]);
    const result = await ask("GET", over.result ?? "");
    assert.deepEqual(
      [result.status, result.headers.get("content-type")],
      [200, "text/plain; charset=utf-8"],
    );
    assert.equal(result.text, readFileSync(join(data, "out/rows.txt"), "utf8"));
    assert.equal(result.text.split("\n").length, 38);
    assert.deepEqual(
      (await ask("GET", "/jobs")).body.jobs.map((job) => job.id),
      [id],
    );
    const families = parseExposition((await ask("GET", "/metrics")).text);
    const ended = families
      .get("edgewright_jobs_total")
      ?.samples.find(({ labels }) => labels["outcome"] === "complete");
    assert.equal(ended?.value, 1);
    const swagger = await ask("GET", "/swagger.json?version=3");
    assert.ok("/jobs/{id}/result" in (JSON.parse(swagger.text) as { paths: object }).paths);
  });

  void test("what cannot be is refused with its reason, and nothing is written", async (t) => {
    const { ask, data } = await jobModule(t, { script: USUAL_SCRIPT, files: numberFiles(3, 0) });
    const outside = join(data, "..", "outside");
    mkdirSync(outside);
    symlinkSync(outside, join(data, "link"));
    symlinkSync(join(outside, "later"), join(data, "dangling"));
    for (const [body, status, code, message] of [
      ["{", 400, "INPUT_JSON", /no JSON/],
      [[], 400, "JOB_REQUEST", /no JSON object/],
      [{}, 400, "JOB_REQUEST", /input is absent/],
      [{ input: "in", shard: "0/2" }, 400, "JOB_REQUEST", /'shard' is unknown/],
      [{ input: "in", mini_batch_size: 0 }, 400, "JOB_REQUEST", /mini_batch_size is '0'/],
      [{ input: "in", mini_batch_size: [5] }, 400, "JOB_REQUEST", /mini_batch_size is \[5\]/],
      [{ input: "in", mini_batch_size: "5" }, 400, "JOB_REQUEST", /is "5", expected a number/],
      [{ input: 5 }, 400, "JOB_REQUEST", /input is 5, expected a string/],
      [{ input: "in", deployment: "red" }, 400, "JOB_REQUEST", /no deployment 'red'/],
      [{ input: "in", output_file_name: "../x" }, 400, "JOB_REQUEST", /plain file name/],
      [{ input: "absent" }, 400, "JOB_PLACE", /not there/],
      [{ input: "../code" }, 400, "JOB_PLACE", /read and write below/],
      [{ input: "/etc" }, 400, "JOB_PLACE", /read and write below/],
      [{ input: "in/../../code" }, 400, "JOB_PLACE", /read and write below/],
      [{ input: "link" }, 400, "JOB_PLACE", /a link there leads out/],
      [{ input: "in", output: "link/out" }, 400, "JOB_PLACE", /a link there leads out/],
      [{ input: "in", output: "dangling" }, 400, "JOB_PLACE", /a link there leads out/],
      [{ input: "in", output: "../out" }, 400, "JOB_PLACE", /read and write below/],
      [{ input: "in", output: "." }, 400, "JOB_PLACE", /a folder of its own/],
      [{ input: "in", output: "in" }, 400, "JOB_PLACE", /a folder of its own/],
      [{ input: "in", output: "in/f0.txt" }, 400, "JOB_PLACE", /which is a file/],
      [{ input: "in", output: ".edgewright/x" }, 400, "JOB_PLACE", /no folder for a job/],
      [{ input: "x".repeat(70_000) }, 413, "INPUT_TOO_LARGE", /larger than 65536/],
    ] as const) {
      const answer = await ask("POST", "/jobs", body);
      const text = JSON.stringify(body).slice(0, 100);
      assert.equal(answer.status, status, `${text}: ${answer.text}`);
      assert.equal(answer.body.error?.code, code, text);
      assert.match(answer.body.error?.message ?? "", message, text);
    }
    for (const [method, path, status] of [
      ["GET", "/jobs/none", 404],
      ["DELETE", "/jobs/none", 404],
      ["GET", "/jobs/none/result", 404],
      ["GET", "/jobs/../x", 404],
      ["GET", "/jobs/a/b", 404],
      ["PUT", "/jobs", 405],
      ["POST", "/score", 404],
    ] as const) {
      assert.equal(
        (await ask(method, path, method === "GET" ? undefined : {})).status,
        status,
        path,
      );
    }
    assert.deepEqual((await ask("GET", "/jobs")).body.jobs, []);
    assert.equal(existsSync(join(outside, "later")), false);
  });

  void test("a link inside the input that leads outside ends the job before a file is read", async (t) => {
    const { ask, until, data } = await jobModule(t, {
      script: USUAL_SCRIPT,
      files: numberFiles(3, 0),
    });
    writeFileSync(join(data, "../secret.txt"), "7");
    symlinkSync(join(data, "../secret.txt"), join(data, "in/secret.txt"));
    const { id } = (await ask("POST", "/jobs", { input: "in", output: "out" })).body;
    const { error } = await until(id, "failed", "complete");
    assert.equal(error?.code, "BATCH_INPUT");
    assert.match(error?.message ?? "", /in\/secret.txt is a link to a place outside/);
    writeFileSync(join(data, "list"), "f0.txt\nsecret.txt\n");
    const listed = await ask("POST", "/jobs", { input: "in", output: "out", input_list: "list" });
    assert.equal((await until(listed.body.id, "failed", "complete")).error?.code, "BATCH_INPUT");
    assert.equal(existsSync(join(data, "out/rows.txt")), false);
  });

  void test("one after the other, no two in one folder, and no more than 16 wait", async (t) => {
    const { ask, until } = await jobModule(t, { script: SLOW, files: numberFiles(500, 0) });
    const first = (await ask("POST", "/jobs", { input: "in", output: "a" })).body;
    const same = await ask("POST", "/jobs", { input: "in", output: "a/b" });
    assert.deepEqual([same.status, same.body.error?.code], [409, "JOB_STATE"]);
    const waiting: string[] = [];
    for (let number = 0; number < 16; number += 1) {
      const { status, body } = await ask("POST", "/jobs", { input: "in" });
      assert.equal(status, 202);
      assert.equal(body.position, number + 1);
      waiting.push(body.id);
    }
    const more = await ask("POST", "/jobs", { input: "in" });
    assert.deepEqual([more.status, more.body.error?.code], [429, "JOB_QUEUE"]);
    const early = await ask("GET", `/jobs/${first.id}/result`);
    assert.deepEqual([early.status, early.body.error?.code], [409, "JOB_STATE"]);

    for (const id of waiting.slice(1)) {
      assert.equal((await ask("DELETE", `/jobs/${id}`)).body.status, "cancelled");
    }
    await until(first.id, "running");
    assert.equal((await ask("POST", `/jobs/${first.id}/cancel`)).body.status, "cancelling");
    assert.equal((await until(first.id, "cancelled", "complete", "failed")).status, "cancelled");
    const next = await until(waiting[0] ?? "", "running");
    assert.equal(next.output.endsWith(`/jobs/${next.id}`), true);
    assert.equal((await ask("DELETE", `/jobs/${first.id}`)).status, 409);
  });

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    void test(`a module that ends by ${signal} goes on with its jobs at the next start`, async (t) => {
      const { ask, until, data, end, start } = await jobModule(t, {
        script: SLOW,
        files: numberFiles(150, 0),
      });
      const { id } = (await ask("POST", "/jobs", { input: "in", output: "out" })).body;
      const other = (await ask("POST", "/jobs", { input: "in", output: "other" })).body;
      const scored = join(data, "out/scored");
      while (linesOf(scored).length < 30) await wait(20);
      assert.equal(await end(signal), signal === "SIGTERM" ? 0 : null);
      await start();
      const over = await until(id, "complete", "failed");
      assert.equal(over.status, "complete", JSON.stringify(over));
      assert.equal(over.progress?.starts, 2);
      assert.equal((await until(other.id, "complete", "failed")).status, "complete");
      assert.deepEqual(
        linesOf(join(data, "out/rows.txt")),
        Object.keys(numberFiles(150, 0)).toSorted(),
      );
      // A mini-batch at most is scored again for one worker and one end.
      assert.ok(linesOf(scored).length <= 155, `${linesOf(scored).length} were scored`);
    });
  }

  void test("a job's process may be killed: it goes on, and the module is there all the time", async (t) => {
    const { ask, until, data, jobPids } = await jobModule(t, {
      script: SLOW,
      files: numberFiles(150, 0),
    });
    const { id } = (await ask("POST", "/jobs", { input: "in", output: "out" })).body;
    while (linesOf(join(data, "out/scored")).length < 30) await wait(20);
    const [pid] = jobPids();
    assert.ok(pid !== undefined);
    assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim(), "1000");
    process.kill(pid, "SIGKILL");
    assert.equal((await ask("GET", "/health/live")).status, 200);
    const over = await until(id, "complete", "failed");
    assert.deepEqual([over.status, over.progress?.rows], ["complete", 150]);
    const metrics = await ask("GET", "/metrics");
    assert.match(metrics.text, /^edgewright_job_deaths_total\{deployment="blue"\} 1$/m);
  });

  void test("one that is killed again and again without headway fails, and the next has its turn", async (t) => {
    const script = `
import os, signal
def run(mini_batch):
    if "bad" in os.environ["AZUREML_BI_OUTPUT_PATH"]:
        # The job's process is the parent of this one's guard.
        with open("/proc/%d/stat" % os.getppid()) as guard:
            os.kill(int(guard.read().split(") ")[1].split()[1]), signal.SIGKILL)
    return mini_batch
`;
    const { ask, until } = await jobModule(t, { script, files: numberFiles(5, 0) });
    const bad = (await ask("POST", "/jobs", { input: "in", output: "bad" })).body;
    const good = (await ask("POST", "/jobs", { input: "in", output: "good" })).body;
    const { status, error } = await until(bad.id, "failed", "complete");
    assert.deepEqual([status, error?.code], ["failed", "JOB_DIED"]);
    assert.match(error?.message ?? "", /3 times in a row/);
    assert.equal((await until(good.id, "failed", "complete")).status, "complete");
  });

  void test("a job over its threshold fails with its numbers, and goes on where it was with a higher one", async (t) => {
    const { ask, until } = await jobModule(t, { script: USUAL_SCRIPT, files: numberFiles(40, 5) });
    const job = { input: "in", output: "out", error_threshold: 2 };
    const failed = await until((await ask("POST", "/jobs", job)).body.id, "failed", "complete");
    assert.deepEqual([failed.status, failed.error?.code], ["failed", "BATCH_THRESHOLD"]);
    assert.equal(failed.progress?.failed, 3);
    const higher = { ...job, error_threshold: 5 };
    const over = await until((await ask("POST", "/jobs", higher)).body.id, "failed", "complete");
    assert.deepEqual(
      [over.status, over.progress?.succeeded, over.progress?.starts],
      ["complete", 35, 2],
    );
  });

  void test("credentials are asked for as for scoring", async (t) => {
    const key = "a-key-of-this-endpoint";
    const hash = createHash("sha256").update(key).digest("hex");
    const options = {
      script: USUAL_SCRIPT,
      files: numberFiles(3, 0),
      authMode: "key",
      env: { EDGEWRIGHT_KEY_HASHES: hash },
    } as const;
    const stranger = await jobModule(t, options);
    for (const [method, path] of [
      ["POST", "/jobs"],
      ["GET", "/jobs"],
      ["GET", "/jobs/x"],
      ["DELETE", "/jobs/x"],
      ["GET", "/jobs/x/result"],
    ] as const) {
      const body = method === "GET" ? undefined : { input: "in" };
      const { status } = await stranger.ask(method, path, body);
      assert.equal(status, 401, `${method} ${path}`);
    }
    const known = await jobModule(t, { ...options, headers: { authorization: `Bearer ${key}` } });
    assert.equal((await known.ask("POST", "/jobs", { input: "in" })).status, 202);
  });

  void test("an online endpoint says that it has no jobs", async (t) => {
    const { url, stop } = await served({ blue: { path: `${FIXTURE_MODELS}double.onnx` } });
    t.after(stop);
    const response = await fetch(`${url}/jobs`, { method: "POST", body: "{}" });
    assert.equal(response.status, 404);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.equal(error.code, "ROUTE_KIND");
    assert.match(error.message, /online endpoint/);
  });
});
