/** Ten minutes of mixed load on a tiny model: memory stays where it was, nothing leaks, nothing hangs. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";

import { startRun } from "../support/edgewright.ts";
import { FIXTURE_MODELS } from "../support/repository.ts";

const MINUTES = 10;
const MAX_RESIDENT_KB = 120 * 1024;
/** Between the second minute and the last. */
const MAX_GROWTH = 1.1;

const BODIES: readonly (readonly [string, string, number])[] = [
  ["/score", '{"data": [[1, 2, 3]]}', 200],
  ["/score", '{"instances": [[1, 2, 3], [4, 5, 6]]}', 200],
  ["/v2/models/blue/infer", '{"inputs": [{"name": "x", "shape": [1, 3], "data": [1, 2, 3]}]}', 200],
  ["/score", '{"data": [[1, 2', 400],
  ["/score", '{"data": [["one", 2, 3]]}', 400],
  ["/v2/models/nope/infer", "{}", 404],
];

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function post(url: string, body: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

suite("serving", () => {
  test(`${MINUTES} minutes of mixed load leave memory as it was after two`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgewright-soak-"));
    const spec = join(folder, "endpoint.yml");
    const model = `{path: ${FIXTURE_MODELS}double.onnx}`;
    const settings = "{max_concurrent_requests_per_instance: 16}";
    writeFileSync(
      spec,
      `name: soak\ndeployments: {blue: {model: ${model}, request_settings: ${settings}}}\n`,
    );
    const { url, pid, terminate } = await startRun([spec]);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const samples: number[] = [];
    let answered = 0;
    try {
      const end = performance.now() + MINUTES * 60_000;
      const client = async (first: number): Promise<void> => {
        for (let index = first; performance.now() < end; index += 1) {
          const [path, body, status] = BODIES[index % BODIES.length] ?? ["/", "", 0];
          assert.equal(await post(`${url}${path}`, body, agent), status);
          answered += 1;
        }
      };
      const sampler = setInterval(() => samples.push(residentKb(pid)), 60_000);
      await Promise.all(Array.from({ length: 8 }, (_, index) => client(index)));
      clearInterval(sampler);
      const last = residentKb(pid);
      const early = samples[1] ?? Number.NaN;
      assert.ok(answered > 100_000, `${answered} requests`);
      assert.ok(last <= MAX_RESIDENT_KB, `${last} kB resident after ${answered} requests`);
      assert.ok(last <= early * MAX_GROWTH, `${early} kB after two minutes, ${last} kB at the end`);
    } finally {
      agent.destroy();
      assert.equal(await terminate(), 0);
      rmSync(folder, { recursive: true });
    }
  });
});
