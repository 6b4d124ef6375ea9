import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { FIXTURE_MODELS } from "../support/repository.ts";
import { score, served } from "../support/served.ts";

/** Rounds of the model that take this long here and now; one takes some tens of microseconds. */
async function roundsOf(ms: number, url: string): Promise<number> {
  const start = performance.now();
  const { status, body } = await score(url, { inputs: { x: [1, 1], rounds: [2000] } });
  assert.equal(status, 200, JSON.stringify(body));
  return Math.round((2000 / (performance.now() - start)) * ms);
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

suite("more requests than there is room for", () => {
  test("four hold slots, four wait, the ninth is refused at once, and the metrics say the same", async () => {
    const { url, stop } = await served(
      {
        blue: {
          path: `${FIXTURE_MODELS}slow-on-demand.onnx`,
          instances: 2,
          settings: {
            maxConcurrentRequestsPerInstance: 2,
            maxQueueWaitMs: 30_000,
            requestTimeoutMs: 60_000,
          },
        },
      },
      { placement: "worker" },
    );
    try {
      const rounds = await roundsOf(500, url);
      const ask = () => score(url, { inputs: { x: [1, 1], rounds: [rounds] } });
      const asked = Array.from({ length: 8 }, ask);
      while (!(await metricsOf(url)).includes('edgewright_queue_length{deployment="blue"} 4\n'));
      assert.match(await metricsOf(url), /edgewright_running_requests\{deployment="blue"\} 4\n/);
      const start = performance.now();
      const ninth = await fetch(`${url}/score`, {
        method: "POST",
        body: JSON.stringify({ inputs: { x: [1, 1], rounds: [rounds] } }),
      });
      const refusedMs = performance.now() - start;
      assert.equal(ninth.status, 429);
      assert.equal(await ninth.text(), "");
      assert.equal(ninth.headers.get("ms-azureml-model-error-reason"), "too_many_pending_request");
      assert.ok(refusedMs < 500, `refused after ${refusedMs} ms`);
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      assert.deepEqual(
        statuses,
        Array.from({ length: 8 }, () => 200),
      );
      const after = await metricsOf(url);
      assert.match(after, /edgewright_requests_total\{deployment="blue",code="200"\} 9\n/);
      assert.match(after, /edgewright_requests_total\{deployment="blue",code="429"\} 1\n/);
    } finally {
      await stop();
    }
  });

  test("who goes away before the answer is counted as gone, running or waiting", async () => {
    const { url, stop } = await served(
      {
        blue: {
          path: `${FIXTURE_MODELS}slow-on-demand.onnx`,
          settings: { maxConcurrentRequestsPerInstance: 1, maxQueueWaitMs: 30_000 },
        },
      },
      { placement: "worker" },
    );
    try {
      const rounds = await roundsOf(500, url);
      const gone = new AbortController();
      const asked = Array.from({ length: 2 }, () =>
        fetch(`${url}/score`, {
          method: "POST",
          body: JSON.stringify({ inputs: { x: [1, 1], rounds: [rounds] } }),
          signal: gone.signal,
        }).catch(() => undefined),
      );
      while (!(await metricsOf(url)).includes('edgewright_queue_length{deployment="blue"} 1\n'));
      gone.abort();
      await Promise.all(asked);
      const counted = /edgewright_requests_total\{deployment="blue",code="499"\} 2\n/;
      while (!counted.test(await metricsOf(url)));
      assert.doesNotMatch(await metricsOf(url), /code="(?:424|429)"/);
    } finally {
      await stop();
    }
  });

  test("a run over its time is 408, and those who wait too long for its slot are 429", async () => {
    const { url, stop } = await served(
      {
        blue: {
          path: `${FIXTURE_MODELS}slow-on-demand.onnx`,
          settings: {
            maxConcurrentRequestsPerInstance: 1,
            maxQueueWaitMs: 200,
            requestTimeoutMs: 500,
          },
        },
      },
      { placement: "worker" },
    );
    try {
      const rounds = await roundsOf(1500, url);
      const [late, waiting] = await Promise.all([
        score(url, { inputs: { x: [1, 1], rounds: [rounds] } }),
        fetch(`${url}/score`, { method: "POST", body: '{"inputs": {"x": [1, 1], "rounds": [1]}}' }),
      ]);
      assert.equal(late.status, 408);
      assert.match(JSON.stringify(late.body), /ENGINE_TIMEOUT/);
      assert.equal(waiting.status, 429);
      assert.equal(await waiting.text(), "");
    } finally {
      await stop();
    }
  });

  test("a model that turns out to be slow leaves the router's thread", async () => {
    const { url, stop } = await served(
      { blue: { path: `${FIXTURE_MODELS}slow-on-demand.onnx` } },
      { placement: "inline" },
    );
    try {
      const placement = async (): Promise<unknown> => {
        const stats = (await (await fetch(`${url}/stats`)).json()) as {
          deployments: { engine: { placement: string } }[];
        };
        return stats.deployments[0]?.engine.placement;
      };
      assert.equal(await placement(), "inline");
      const slow = { inputs: { x: [1, 1], rounds: [3000] } };
      for (let round = 0; round < 3; round += 1) assert.equal((await score(url, slow)).status, 200);
      assert.equal(await placement(), "worker");
      // The worker takes over when it has loaded; until then the old engine answers.
      for (let round = 0; round < 5; round += 1) assert.equal((await score(url, slow)).status, 200);
    } finally {
      await stop();
    }
  });
});
