import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { InputQueue } from "../../../src/simulator/hub/input-queue.ts";
import type { Waiting } from "../../../src/simulator/hub/input-queue.ts";

function setUp(context: TestContext) {
  context.mock.timers.enable({ apis: ["setInterval", "Date"], now: 0 });
  const sent: { readonly name: string; readonly id: number; readonly again: boolean }[] = [];
  const done: string[] = [];
  let open = true;
  const queue = new InputQueue({
    send: ({ input }, id, again) => {
      if (open) sent.push({ name: input, id, again });
      return open;
    },
    done: ({ input }, expired) => done.push(`${input}${expired ? " expired" : ""}`),
    now: () => Date.now(),
  });
  context.after(() => queue.close());
  let last = 0;
  const add = (name: string, more: Partial<Waiting> = {}): void => {
    last += 1;
    const bag = { system: {}, properties: {} };
    const message = {
      id: last,
      source: "/",
      device: "d",
      bag,
      body: new Uint8Array(),
      enqueuedAt: 0,
    };
    queue.add({ message, input: name, priority: 5, ...more });
  };
  const names = (): readonly string[] => sent.map(({ name }) => name);
  return { queue, add, sent, names, done, setOpen: (next: boolean) => void (open = next) };
}

suite("the queue of a module", () => {
  test("urgent ones first, those of one priority in order", (context) => {
    const { queue, add, names } = setUp(context);
    add("a");
    add("b", { priority: 9 });
    add("c", { priority: 0 });
    add("d");
    queue.pump();
    assert.deepEqual(names(), ["c", "a", "d", "b"]);
  });

  test("sixteen at a time; each acknowledgement lets one more go", (context) => {
    const { queue, add, names, sent, done } = setUp(context);
    for (let number = 0; number < 20; number += 1) add(`m${number}`);
    queue.pump();
    assert.equal(names().length, 16);
    queue.acknowledge(sent[3]?.id ?? 0);
    assert.deepEqual([names().length, done], [17, ["m3"]]);
    queue.acknowledge(60_000);
    assert.equal(names().length, 17);
  });

  test("on the next connection what was on its way goes first, in order, marked", (context) => {
    const { queue, add, sent } = setUp(context);
    for (const name of ["a", "b", "c"]) add(name);
    queue.pump();
    queue.acknowledge(sent[1]?.id ?? 0);
    add("d");
    queue.reset();
    queue.pump();
    assert.deepEqual(
      sent.slice(3).map(({ name, again }) => [name, again]),
      [
        ["a", true],
        ["c", true],
        ["d", false],
      ],
    );
  });

  test("without an acknowledgement it goes again after 30 s", (context) => {
    const { queue, add, names } = setUp(context);
    add("a");
    queue.pump();
    context.mock.timers.tick(29_000);
    assert.deepEqual(names(), ["a"]);
    context.mock.timers.tick(3_000);
    assert.deepEqual(names(), ["a", "a"]);
  });

  test("what is too old is not sent", (context) => {
    const { queue, add, names, done, setOpen } = setUp(context);
    setOpen(false);
    add("short", { expiresAt: 1_000 });
    add("long", { expiresAt: 60_000 });
    queue.pump();
    context.mock.timers.tick(2_000);
    setOpen(true);
    queue.pump();
    assert.deepEqual([names(), done], [["long"], ["short expired"]]);
  });

  test("a module that cannot take one keeps everything waiting", (context) => {
    const { queue, add, names, setOpen } = setUp(context);
    setOpen(false);
    add("a");
    queue.pump();
    assert.deepEqual([names(), queue.length], [[], 1]);
  });
});
