import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createSuspects } from "../../../../src/runtime/edge/outbox/suspects.ts";
import type { Suspects } from "../../../../src/runtime/edge/outbox/suspects.ts";

type Event = readonly ["began" | "answered", string] | readonly ["stopped" | "started"];

function after(events: readonly Event[]): Suspects {
  const suspects = createSuspects();
  for (const [kind, key = ""] of events) suspects[kind](key);
  return suspects;
}

suite("suspects", () => {
  for (const [name, events, ends] of [
    ["one end", [["began", "a"], ["started"]], 1],
    ["two ends in a row", [["began", "a"], ["started"], ["began", "a"], ["started"]], 2],
    [
      "two ends with a result of another one between them",
      [
        ["began", "a"],
        ["began", "b"],
        ["started"],
        ["began", "b"],
        ["answered", "b"],
        ["began", "a"],
        ["started"],
      ],
      1,
    ],
    ["an end in good order", [["began", "a"], ["stopped"], ["started"]], 0],
    ["a result before the end", [["began", "a"], ["answered", "a"], ["started"]], 0],
    ["an end at which it did not run", [["began", "a"], ["started"], ["started"]], 0],
  ] as const satisfies readonly (readonly [string, readonly Event[], number])[]) {
    test(`${name}: ${ends}`, () => assert.equal(after(events).endsOf("a"), ends));
  }
});
