import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { Ajv } from "ajv";
import { parse } from "yaml";

import { durationMs } from "../../../src/simulator/scenario/duration.ts";
import { parseScenario } from "../../../src/simulator/scenario/parse.ts";
import { scenarioSchema } from "../../../src/simulator/scenario/schema.ts";
import { REPOSITORY } from "../../support/repository.ts";

const matches = new Ajv({ strict: false }).compile(scenarioSchema());
const EXAMPLE = readFileSync(`${REPOSITORY}examples/bearing-monitor/scenario.yml`, "utf8");
const step = (text: string): string => `modules: { m: ./m.yml }\nsteps:\n  - ${text}\n`;

suite("scenario", () => {
  test("the committed one is read, and the schema agrees", () => {
    const read = parseScenario(EXAMPLE, "scenario.yml");
    assert.deepEqual(read.problems, []);
    assert.ok(matches(parse(EXAMPLE)), JSON.stringify(matches.errors));
  });

  for (const [text, message] of [
    ["{ expct: {} }", /'expct' is no verb/],
    ["{ wait: 5s, restore: hub }", /2 verbs/],
    ["{ wait: 5 days }", /wait/],
    ["{ send: { to: m, rat: 5 } }", /send/],
    ["{ send: { to: m, count: many } }", /send.count/],
    ["{ patch twin: { module: m } }", /patch twin.desired/],
    ["{ expect: { upstream: -1 } }", /expect.upstream/],
    ["{ kill module: {} }", /kill module/],
    ["just text", /steps.0 is "just text", must be/],
    ["{ wait: 5s, more: 1 }", /2 verbs/],
    ["{ send: { bogus: 1 } }", /send.bogus is no key/],
  ] as const) {
    test(`${text} is refused at its line, by the schema too`, () => {
      const read = parseScenario(step(text), "scenario.yml");
      assert.equal(read.ok, false);
      assert.equal(read.problems[0]?.at?.line, 3);
      assert.match(read.problems.map((problem) => problem.message).join("\n"), message);
      if (!text.includes("wait: 5s")) assert.equal(matches(parse(step(text))), false);
    });
  }

  test("a wait that no timer can hold is refused at its value", () => {
    for (const wait of ["597h", 2_147_484]) {
      const read = parseScenario(step(`{ wait: ${wait} }`), "scenario.yml");
      assert.deepEqual(
        read.problems.map(({ message, at }) => [message.split(", ")[1], at?.line]),
        [["must be at most 596h", 3]],
      );
    }
    assert.equal(parseScenario(step("{ wait: 596h }"), "scenario.yml").ok, true);
  });

  for (const [text, ms] of [
    ["30s", 30_000],
    ["500ms", 500],
    ["1.5m", 90_000],
    ["1h", 3_600_000],
    [2, 2000],
  ] as const) {
    test(`${text} is ${ms} ms`, () => assert.equal(durationMs(text), ms));
  }
});
