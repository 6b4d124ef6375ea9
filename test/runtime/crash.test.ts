import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import type { LogFields } from "../../src/core/ports.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";
import { score, served, SILENT_LOG } from "../support/served.ts";

/** Processes that this one has started and that still run. */
function children(): readonly number[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

suite("a deployment that crashes", () => {
  test("the other answers every request, its own get 424, and it is back within two seconds", async () => {
    const before = new Set(children());
    const lines: string[] = [];
    const error = (message: string, fields?: LogFields): void =>
      void lines.push(`${fields?.["deployment"]}: ${message}`);
    const { url, stop } = await served(
      {
        blue: { path: `${FIXTURE_MODELS}double.onnx`, traffic: 90 },
        green: { path: `${FIXTURE_MODELS}double.onnx`, traffic: 10 },
      },
      { log: { ...SILENT_LOG, error } },
    );
    try {
      const pid = children().find((child) => !before.has(child));
      assert.ok(pid !== undefined, "green runs in a process of its own");
      const seen = { blue: new Set<number>(), green: new Set<number>() };
      let backMs = Number.POSITIVE_INFINITY;
      const killed = performance.now();
      process.kill(pid, "SIGKILL");
      while (performance.now() - killed < 2000 && backMs === Number.POSITIVE_INFINITY) {
        for (const name of ["blue", "green"] as const) {
          const { status, headers } = await score(
            url,
            { data: [[1, 2, 3]] },
            { "azureml-model-deployment": name },
          );
          assert.equal(headers.get("azureml-model-deployment"), name);
          seen[name].add(status);
          if (status === 424)
            assert.equal(headers.get("ms-azureml-model-error-reason"), "model_not_ready");
          if (name === "green" && status === 200 && seen.green.has(424))
            backMs = performance.now() - killed;
        }
        await wait(5);
      }
      assert.deepEqual([...seen.blue], [200]);
      assert.deepEqual(new Set(seen.green), new Set([424, 200]));
      assert.ok(backMs < 2000, `back after ${backMs} ms`);
      assert.ok(
        lines.some((line) => /^green: an engine ended.*SIGKILL/.test(line)),
        lines.join("\n"),
      );
    } finally {
      await stop();
    }
    assert.deepEqual(
      children().filter((child) => !before.has(child)),
      [],
    );
  });
});
