import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Input } from "../../../../src/runtime/edge/hub/client.ts";
import { InputHandler } from "../../../../src/runtime/edge/messages/input-handler.ts";
import { Outbox } from "../../../../src/runtime/edge/outbox/outbox.ts";
import type { Result } from "../../../../src/runtime/edge/outbox/result.ts";
import { keptLog, movedClock } from "../../../support/quiet.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};

function setUp(folder: string | undefined, window = 2) {
  const [log, clock] = [keptLog(), movedClock()];
  const limits = { maxBytes: 1 << 20, maxAgeSeconds: 3600 };
  const outbox = new Outbox({ ...(folder !== undefined && { folder }), limits, clock, log });
  const running: {
    readonly body: string;
    readonly finish: () => void;
    readonly fail: () => void;
  }[] = [];
  const acknowledged: string[] = [];
  const resultOf = (key: string, body: string): Result => ({
    key,
    name: "amlOutput",
    bag: { system: {}, properties: {} },
    body,
  });
  const handler = new InputHandler({
    outbox,
    answer: (input, key) =>
      new Promise((resolve, reject) => {
        const body = Buffer.from(input.body).toString();
        const fail = (): void => reject(new Error("on purpose"));
        running.push({ body, finish: () => resolve(resultOf(key, body)), fail });
      }),
    setAside: (_, key) => resultOf(key, "set aside"),
    failed: (_, key) => resultOf(key, "failed"),
    window: () => window,
    log,
  });
  const input = (body: string, mid?: string): Input => ({
    name: "amlInput",
    bag: { system: mid === undefined ? {} : { mid }, properties: {} },
    body: Buffer.from(body),
    acknowledge: () => void acknowledged.push(body),
  });
  return { handler, outbox, running, acknowledged, input, log };
}

suite("inputs", () => {
  test("an input is acknowledged when its result is on the disk, not before", async (context) => {
    const { handler, running, acknowledged, input } = setUp(tempFolder(context));
    handler.take(input("a", "1"));
    await settled();
    assert.deepEqual(acknowledged, []);
    running[0]?.finish();
    await settled();
    while (acknowledged.length === 0) await settled();
    assert.deepEqual(acknowledged, ["a"]);
  });

  test("as many run as the window allows, the rest waits in order", async () => {
    const { handler, running, input } = setUp(undefined, 2);
    for (const body of ["a", "b", "c", "d"]) handler.take(input(body, body));
    await settled();
    assert.deepEqual(
      running.map(({ body }) => body),
      ["a", "b"],
    );
    running[0]?.finish();
    await settled();
    assert.deepEqual(
      running.map(({ body }) => body),
      ["a", "b", "c"],
    );
  });

  test("one that comes again while it runs is not run twice, and both are acknowledged", async (context) => {
    const { handler, running, acknowledged, input } = setUp(tempFolder(context));
    handler.take(input("a", "1"));
    handler.take(input("a", "1"));
    running[0]?.finish();
    while (acknowledged.length < 2) await settled();
    assert.equal(running.length, 1);
  });

  test("one whose result waits in the outbox is acknowledged and not run", async (context) => {
    const folder = tempFolder(context);
    const before = setUp(folder);
    before.handler.take(before.input("a", "1"));
    before.running[0]?.finish();
    while (before.acknowledged.length === 0) await settled();
    const after = setUp(folder);
    after.handler.take(after.input("a", "1"));
    assert.deepEqual(after.acknowledged, ["a"]);
    assert.equal(after.running.length, 0);
  });

  test("in memory one that comes again is acknowledged only when the hub has the result", async () => {
    const { handler, outbox, running, acknowledged, input } = setUp(undefined);
    handler.take(input("a", "1"));
    running[0]?.finish();
    await settled();
    handler.take(input("a", "1"));
    await settled();
    assert.deepEqual(acknowledged, []);
    outbox.attach(() => Promise.resolve());
    await settled();
    assert.deepEqual(acknowledged, ["a", "a"]);
    assert.equal(running.length, 1);
  });

  test("messages without an id are never taken for copies", async () => {
    const { handler, running, input } = setUp(undefined, 3);
    for (const id of [undefined, ""]) handler.take(input("a", id));
    handler.take(input("a", ""));
    await settled();
    assert.equal(running.length, 3);
  });

  test("the same id with another body is another message", async () => {
    const { handler, running, input } = setUp(undefined);
    handler.take(input("a", "1"));
    handler.take(input("b", "1"));
    await settled();
    assert.equal(running.length, 2);
  });

  test("one whose scoring throws gives a fault, is acknowledged, and makes room", async (context) => {
    const { handler, outbox, running, acknowledged, input, log } = setUp(tempFolder(context), 1);
    const sent: string[] = [];
    outbox.attach(({ body }) => {
      sent.push(body);
      return Promise.resolve();
    });
    for (const body of ["a", "b"]) handler.take(input(body, body));
    running[0]?.fail();
    while (running.length < 2) await settled();
    running[1]?.finish();
    while (acknowledged.length < 2) await settled();
    assert.deepEqual(
      [sent, acknowledged],
      [
        ["failed", "b"],
        ["a", "b"],
      ],
    );
    assert.match(
      log.lines.join("\n"),
      /error an input failed, its fault is sent: Error: on purpose/,
    );
  });

  test("one that fails because the module ends is left to the hub, with its copies", async () => {
    const { handler, running, acknowledged, input } = setUp(undefined);
    handler.take(input("a", "1"));
    handler.take(input("a", "1"));
    const stopped = handler.stop();
    running[0]?.fail();
    await stopped;
    await settled();
    assert.deepEqual(acknowledged, []);
  });

  test("who ran at the end of the module runs alone, and is set aside after a second end", async (context) => {
    const folder = tempFolder(context);
    const first = setUp(folder);
    first.handler.take(first.input("poison", "1"));
    await settled();

    const second = setUp(folder);
    second.handler.take(second.input("good", "2"));
    second.handler.take(second.input("poison", "1"));
    second.handler.take(second.input("other", "3"));
    await settled();
    assert.deepEqual(
      second.running.map(({ body }) => body),
      ["good"],
    );
    second.running[0]?.finish();
    await settled();
    assert.deepEqual(
      second.running.map(({ body }) => body),
      ["good", "poison"],
    );

    const third = setUp(folder);
    third.handler.take(third.input("poison", "1"));
    await settled();
    assert.deepEqual(
      third.running.map(({ body }) => body),
      ["poison"],
      "a result came in between",
    );

    const fourth = setUp(folder);
    const sent: string[] = [];
    fourth.outbox.attach(({ body }) => {
      sent.push(body);
      return Promise.resolve();
    });
    fourth.handler.take(fourth.input("poison", "1"));
    while (fourth.acknowledged.length === 0) await settled();
    assert.deepEqual(fourth.running, []);
    assert.ok(sent.includes("set aside"));
  });
});
