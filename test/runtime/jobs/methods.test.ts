/** Jobs that the cloud asks for: direct methods of a module on a simulated device. */

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { startProcess } from "../../../src/simulator/modules/process.ts";
import { numberFiles, USUAL_SCRIPT } from "../../support/batch.ts";
import { testDevice, until } from "../../support/device.ts";
import { jobWorkspace } from "../../support/job-module.ts";
import type { Told } from "../../support/job-module.ts";
import { REPOSITORY } from "../../support/repository.ts";
import { withoutPython } from "../../support/script.ts";

void suite("jobs by direct method", { skip: withoutPython() }, () => {
  void test("startJob, jobStatus and cancelJob, and messages that are no jobs", async (t) => {
    const { data, file } = jobWorkspace(t, { script: USUAL_SCRIPT, files: numberFiles(40, 2) });
    const { device } = await testDevice(t, {
      modules: [
        {
          name: "m",
          desired: {},
          restart: "always",
          start: (given) =>
            startProcess(
              {
                command: [process.execPath, `${REPOSITORY}dist/src/runtime/main.js`],
                env: {
                  EDGEWRIGHT_ENDPOINT: file,
                  EDGEWRIGHT_PORT: "0",
                  EDGEWRIGHT_VOLUME: data,
                },
                onLine: () => undefined,
              },
              given,
            ),
        },
      ],
    });
    const call = async (name: string, payload?: unknown) => {
      const timeouts = { connectTimeoutMs: 20_000, responseTimeoutMs: 20_000 };
      const reply = await device.hub.callMethod({ module: "m", name, payload, ...timeouts });
      return reply as {
        status: number;
        payload: Told & { readonly jobs: readonly Told[]; readonly error: { code: string } };
      };
    };
    const wrong = await call("startJob", { input: "/etc" });
    assert.deepEqual([wrong.status, wrong.payload.error.code], [400, "JOB_PLACE"]);
    const started = await call("startJob", { input: "in", output: "out" });
    assert.equal(started.status, 202, JSON.stringify(started.payload));
    const { id } = started.payload;
    let told = (await call("jobStatus", { id })).payload;
    while (told.status === "queued" || told.status === "running") {
      await wait(50);
      told = (await call("jobStatus", { id })).payload;
    }
    assert.deepEqual([told.status, told.progress?.rows], ["complete", 38]);
    assert.deepEqual(
      (await call("jobStatus")).payload.jobs.map((job) => job.id),
      [id],
    );
    const over = await call("cancelJob", { id });
    assert.deepEqual([over.status, over.payload.error.code], [409, "JOB_STATE"]);
    assert.equal((await call("cancelJob", { id: "none" })).status, 404);
    assert.equal((await call("score", { data: [[1]] })).status, 404);
    assert.equal((await call("health")).status, 200);

    device.hub.sendToInput("m", "amlInput", {
      bag: { system: { mid: "1", ct: "application/json", ce: "utf-8" }, properties: {} },
      body: Buffer.from("{}"),
    });
    await until(() => device.upstream.messages().length === 1, "the fault");
    const [fault] = device.upstream.messages();
    assert.equal(fault?.bag.properties["status"], "404");
  });
});
