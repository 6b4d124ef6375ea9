import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { MessageRefused } from "../../../src/simulator/hub/message-limits.ts";
import { watchArrivals } from "../../../src/simulator/scenario/arrivals.ts";
import { createSender } from "../../../src/simulator/scenario/sender.ts";
import { testDevice } from "../../support/device.ts";

async function stage(context: TestContext, run: string) {
  const { device } = await testDevice(context, { names: ["m"] });
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const { signal } = new AbortController();
  const sender = createSender({ device, run, folder: ".", clock, signal });
  return { device, sender, arrivals: watchArrivals(device.upstream, sender, []) };
}

suite("what a scenario sends", () => {
  test("has ids of its run, and counts what arrives at once", async (context) => {
    const { device, sender, arrivals } = await stage(context, "1a2b3c");
    await sender.send({ body: 1, count: 2 }).finished;
    const ids = device.upstream.messages().map(({ bag }) => bag.system["mid"]);
    assert.deepEqual(ids, ["send-1-1a2b3c-000001", "send-1-1a2b3c-000002"]);
    const { sent, distinct, lost } = arrivals.tally();
    assert.deepEqual([sent, distinct, lost], [2, 2, 0]);
  });

  test("and the hub refuses is neither sent nor lost", async (context) => {
    const { sender, arrivals } = await stage(context, "1a2b3c");
    await sender.send({ body: 1 }).finished;
    const { finished } = sender.send({ to: "m", body: "x".repeat(300_000), count: 3 });
    await assert.rejects(finished, MessageRefused);
    const { sent, lost } = arrivals.tally();
    assert.deepEqual([sent, lost], [1, 0]);
  });
});
