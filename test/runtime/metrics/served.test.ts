import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";

import { createMetrics } from "../../../src/runtime/metrics/metrics.ts";
import { countJobs } from "../../../src/runtime/metrics/jobs.ts";
import { parseExposition } from "../../support/exposition.ts";
import type { ExposedFamily } from "../../support/exposition.ts";
import { FIXTURE_MODELS, REPOSITORY } from "../../support/repository.ts";
import { score, served } from "../../support/served.ts";

suite("metrics of a runtime", async () => {
  const path = `${FIXTURE_MODELS}double.onnx`;
  const running = await served({
    blue: { path, traffic: 90, instances: 2 },
    green: { path, traffic: 10 },
  });
  const { url } = running;
  after(() => running.stop());
  const scrape = async (): Promise<ReadonlyMap<string, ExposedFamily>> => {
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return parseExposition(await response.text());
  };
  const body = { data: [[1, 2, 3]] };

  test("before the first request every deployment stands at zero", async () => {
    const samples = (await scrape()).get("edgewright_requests_total")?.samples ?? [];
    assert.deepEqual(
      samples.map(({ labels, value }) => [labels["deployment"], labels["code"], value]),
      [
        ["blue", "200", 0],
        ["green", "200", 0],
      ],
    );
  });

  test("counts are those of the clients, by deployment and status", async () => {
    const seen = new Map<string, number>();
    const ask = async (request: unknown, headers: Record<string, string> = {}): Promise<void> => {
      const answer = await score(url, request, headers);
      const key = `${answer.headers.get("azureml-model-deployment") ?? ""} ${answer.status}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    };
    for (let index = 0; index < 20; index += 1) await ask(body);
    await ask({ data: "x" });
    await ask(body, { "azureml-model-deployment": "GREEN" });
    const samples = (await scrape()).get("edgewright_requests_total")?.samples ?? [];
    const counted = samples.map(
      ({ labels, value }) => [`${labels["deployment"]} ${labels["code"]}`, value] as const,
    );
    assert.deepEqual(new Map(counted), seen);
  });

  test("deployments that do not exist make no series", async () => {
    const before = await (await fetch(`${url}/metrics`)).text();
    for (let index = 0; index < 50; index += 1)
      await score(url, body, { "azureml-model-deployment": `stranger-${index}` });
    const text = await (await fetch(`${url}/metrics`)).text();
    assert.doesNotMatch(text, /stranger/);
    const requests = parseExposition(text).get("edgewright_requests_total")?.samples ?? [];
    const unknown = requests.filter(({ labels }) => labels["deployment"] === "");
    assert.deepEqual(
      unknown.map(({ labels, value }) => [labels["code"], value]),
      [["404", 50]],
    );
    const grown = text.split("\n").length - before.split("\n").length;
    assert.ok(grown < 25, `${grown} lines more: one code and one histogram`);
  });

  test("waits, runs and batches are observed, and limits are those in force", async () => {
    const families = await scrape();
    const count = (family: string): number =>
      (families.get(family)?.samples ?? [])
        .filter(({ name }) => name === `${family}_count`)
        .reduce((sum, { value }) => sum + value, 0);
    for (const name of ["queue_wait_seconds", "run_duration_seconds", "batch_size"])
      assert.ok(count(`edgewright_${name}`) >= 21, name);
    const value = (name: string, deployment?: string): number =>
      families.get(name)?.samples.find(({ labels }) => labels["deployment"] === deployment)
        ?.value ?? Number.NaN;
    assert.equal(value("edgewright_slots", "blue"), 2);
    assert.equal(value("edgewright_slots", "green"), 1);
    assert.equal(value("edgewright_queue_length", "blue"), 0);
    assert.equal(value("edgewright_running_requests", "green"), 0);
    assert.ok(value("edgewright_cpu_limit_cores") > 0);
    assert.ok(value("edgewright_memory_limit_bytes") > 2 ** 20);
    assert.equal(value("edgewright_ready"), 1);
  });

  test("the process tells its CPU time, its memory, its start and its build", async () => {
    const families = await scrape();
    const sample = (name: string) => families.get(name)?.samples[0];
    const resident = sample("process_resident_memory_bytes")?.value ?? 0;
    assert.ok(resident > 2 ** 24 && resident < 2 ** 32, String(resident));
    const spent = sample("process_cpu_seconds_total")?.value ?? 0;
    const { user, system } = process.cpuUsage();
    assert.ok(spent > 0 && spent <= (user + system) / 1e6);
    const started = sample("process_start_time_seconds")?.value ?? 0;
    const now = Date.now() / 1000;
    assert.ok(started < now && started > now - 3600);
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
      version: string;
    };
    assert.deepEqual(sample("edgewright_build_info")?.labels, {
      version,
      node: process.versions.node,
    });
  });

  test("every family is documented, and every documented one exists", async () => {
    const page = readFileSync(join(REPOSITORY, "docs/metrics.md"), "utf8");
    const documented = [...page.matchAll(/^\| `(?<name>[a-z_]+)`/gmu)].map(
      ({ groups }) => groups?.["name"],
    );
    const progress = {
      total: 1,
      totals: { succeeded: 0, failed: 0, rows: 0, retries: 0 },
      leftMs: 1,
    };
    const ofJobs = createMetrics();
    countJobs(ofJobs, ["blue"], () => ({ waiting: 0, running: true, progress }));
    const jobs = parseExposition(ofJobs.render()).keys();
    assert.deepEqual(new Set(documented), new Set([...(await scrape()).keys(), ...jobs]));
  });
});
