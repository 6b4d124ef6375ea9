import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { HubMessage } from "../../../src/simulator/hub/message.ts";
import { createUpstream } from "../../../src/simulator/hub/upstream.ts";
import { RouteFault } from "../../../src/simulator/routes/lexer.ts";
import { watchArrivals } from "../../../src/simulator/scenario/arrivals.ts";
import type { Sender } from "../../../src/simulator/scenario/sender.ts";

/** More than the hub keeps. */
const MANY = 50_000;

function message(id: number, mid: string, output = "out"): HubMessage {
  return {
    id,
    source: `/messages/modules/m/outputs/${output}/`,
    device: "d",
    module: "m",
    bag: { system: { mid }, properties: { parity: String(id % 2) } },
    body: Buffer.from("{}"),
    enqueuedAt: 0,
  };
}

/** Has sent messages `sent-1` to `sent-N`. */
function senderOf(count: number): Sender {
  return {
    send: () => assert.fail("nothing is sent here"),
    total: () => count,
    byName: () => undefined,
    nameOf: (mid) => (mid.startsWith("sent-") ? "sent" : undefined),
    ended: () => Promise.resolve(new Map()),
  };
}

suite("what has arrived", () => {
  test("is counted to the last, however many come", () => {
    const upstream = createUpstream();
    const all = { upstream: MANY + 1 };
    const distinct = { upstream: MANY, distinct: "messageId" } as const;
    const odd = { upstream: MANY / 2, properties: { parity: "1" } };
    const elsewhere = { upstream: 0, output: "other" };
    const expects = [all, distinct, odd, elsewhere];
    const arrivals = watchArrivals(upstream, senderOf(MANY + 10), expects);
    for (let id = 1; id <= MANY; id += 1) upstream.add(message(id, `sent-${id}`));
    upstream.add(message(MANY + 2, "sent-1"));
    assert.ok(upstream.messages().length < MANY);
    assert.equal(arrivals.count(all), MANY + 1);
    assert.equal(arrivals.count(distinct), MANY);
    assert.equal(arrivals.count(odd), MANY / 2);
    assert.equal(arrivals.count(elsewhere), 0);
    assert.deepEqual(arrivals.tally(), {
      sent: MANY + 10,
      results: MANY + 1,
      distinct: MANY,
      lost: 10,
      duplicates: 1,
    });
  });

  test("what nobody of the scenario sent is no result", () => {
    const upstream = createUpstream();
    const arrivals = watchArrivals(upstream, senderOf(1), []);
    upstream.add(message(1, "strange"));
    assert.deepEqual(arrivals.tally(), {
      sent: 1,
      results: 0,
      distinct: 0,
      lost: 1,
      duplicates: 0,
    });
  });

  test("a wrong condition is the fault of its own step", () => {
    const upstream = createUpstream();
    const wrong = { upstream: 1, where: "$body.x >" };
    const right = { upstream: 1 };
    const arrivals = watchArrivals(upstream, senderOf(1), [wrong, right]);
    upstream.add(message(1, "sent-1"));
    assert.equal(arrivals.count(right), 1);
    assert.throws(() => arrivals.count(wrong), RouteFault);
  });
});
