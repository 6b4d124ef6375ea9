import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { parseOptions } from "../../bench/options.ts";

suite("what the bench is asked for", () => {
  test("is everything, where nothing is said", () => {
    const { cases, measures, connections, rounds, out } = parseOptions([]);
    assert.equal(cases.length, 6);
    assert.equal(measures.length, 9);
    assert.deepEqual(
      { connections, rounds, out },
      { connections: [1, 8, 32], rounds: 5, out: undefined },
    );
  });

  test("is the cases that are named, measures among them", () => {
    const { cases, measures } = parseOptions(["--case", "start,mul-json", "--connections", "4"]);
    assert.deepEqual({ cases, measures }, { cases: ["mul-json"], measures: ["start"] });
  });

  for (const [args, message] of [
    [["--case", "mul"], /no case "mul", there is mul-json/],
    [["--rounds", "0"], /--rounds is "0", must be a whole number from 1 on/],
    [["--connections", "1,x"], /--connections is "x"/],
    [["--speed"], /--speed/],
  ] as const) {
    test(`${args.join(" ")} is refused`, () => assert.throws(() => parseOptions(args), message));
  }
});
