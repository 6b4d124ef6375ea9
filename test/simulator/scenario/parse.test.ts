import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import { Ajv } from "ajv";
import { parse } from "yaml";

import { checkNames } from "../../../src/simulator/scenario/check.ts";
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
    [
      "{ send: { to: m, input: a/b, body: 1 } }",
      /send.input is "a\/b", must be a level of a topic/,
    ],
    ["{ send: 5 }", /send is 5, must be a mapping$/],
    [
      "{ send: { to: m, count: 1.5, body: 1 } }",
      /send.count is 1.5, must be a whole number, 0 or more$/,
    ],
    ["{ send: { to: m, rate: 0, body: 1 } }", /send.rate is 0, must be a number above 0$/],
    ["{ send: { to: m, rate: fast, body: 1 } }", /send.rate is "fast", must be a number above 0$/],
    ["{ send: { to: '', body: 1 } }", /send.to is "", must be a text that is not empty$/],
    ["{ expect: { upstream: many } }", /upstream is "many", must be a whole number, 0 or more, or/],
    ["{ expect: { distinct: it } }", /expect.distinct is "it", must be messageId$/],
    ["{ expect: { upstream: 1, properties: [a] } }", /properties is \["a"\], must be a mapping$/],
    ["{ cut hub: long }", /cut hub is "long", must be a duration like/],
    ["{ restore: it }", /restore is "it", must be hub, or {}$/],
    ["{ set routes: { routes: { r: 5 } } }", /routes.r is 5, must be a route, or {route/],
  ] as const) {
    test(`${text} is refused at its line, by the schema too`, () => {
      const read = parseScenario(step(text), "scenario.yml");
      assert.equal(read.ok, false);
      assert.equal(read.problems[0]?.at?.line, 3);
      assert.match(read.problems.map((problem) => problem.message).join("\n"), message);
      if (!text.includes("wait: 5s")) assert.equal(matches(parse(step(text))), false);
    });
  }

  for (const [text, message] of [
    ["{ expect: {} }", /asks for nothing.*connected/],
    ["{ expect: { within: 3s } }", /asks for nothing/],
    ["{ expect: { distinct: messageId } }", /has distinct and no upstream/],
    ["{ expect: { properties: { a: b } } }", /has properties and no upstream/],
    ["{ expect: { upstream: {} } }", /neither min nor max/],
    ["{ expect: { upstream: { min: 3, max: 2 } } }", /from 3 to 2/],
    ["{ expect: { module: m } }", /has module and neither/],
    ["{ expect: { reported: {} } }", /names no property/],
    ["{ expect: { upstream: 0, of: typo } }", /of is 'typo', no send before it/],
    ["{ expect: { sent: typo } }", /sent is 'typo', no send before it/],
    ["{ expect: { upstream: 0, where: nonsense = } }", /where, at character 11/],
    ["{ send: { to: m } }", /neither a file nor a body/],
    ["{ send: { to: m, body: 1, file: x } }", /a file and a body/],
    ["{ send: { input: i, body: 1 } }", /input 'i' of no module/],
    ["{ set routes: { routes: { r: FROM x INTO y } } }", /route 'r'/],
    ["{ set routes: { routes: { a.b: FROM /* INTO $upstream } } }", /route 'a.b': the name/],
    ["{ wait: 5 days }", /must be a duration like 30s/],
  ] as const) {
    test(`${text} is refused before the first step, with place and hint`, () => {
      const read = parseScenario(step(text), "scenario.yml");
      assert.deepEqual([read.ok, read.problems.length], [false, 1]);
      const [problem] = read.problems;
      assert.match(`${problem?.message} ${problem?.hint}`, message);
      assert.equal(problem?.at?.line, 3);
      assert.ok((problem.hint ?? "") !== "");
    });
  }

  for (const [name, text, line, message] of [
    ["no modules", "modules: {}\nsteps: [{ wait: 1s }]\n", 1, /at least one module/],
    [
      "a small volume",
      "modules: { m: x }\nvolumes:\n  m: 10\nsteps: [{ wait: 1s }]\n",
      3,
      /65536 bytes/,
    ],
    [
      "a wrong route",
      "modules: { m: x }\nroutes:\n  r: nonsense\nsteps: [{ wait: 1s }]\n",
      3,
      /route 'r'/,
    ],
    [
      "a wrong name",
      "modules: { m: x }\nroutes:\n  a b: FROM /* INTO $upstream\nsteps: [{ wait: 1s }]\n",
      3,
      /name/,
    ],
    ["no steps", "modules: { m: x }\n", 1, /steps is absent/],
    ["steps that are no list", "modules: { m: x }\nsteps: 5\n", 2, /steps is 5, must be a list$/],
    ["steps that are empty", "modules: { m: x }\nsteps: []\n", 2, /must be at least one step$/],
    ["modules that are a list", "modules: [m]\nsteps: [{ wait: 1s }]\n", 1, /must be a mapping$/],
    ...["../../evil", "bad name/#+", "$edgeHub", "", "m".repeat(300)].map(
      (module) =>
        [
          `a module called '${module.slice(0, 20)}'`,
          `modules:\n  "${module}": x\nsteps: [{ wait: 1s }]\n`,
          2,
          /name of a module is '.*', must be 1 to 128 letters/,
        ] as const,
    ),
  ] as const) {
    test(`a head with ${name} is refused at its place, with a hint`, () => {
      const { ok, problems } = parseScenario(text, "scenario.yml");
      assert.deepEqual([ok, problems.length, problems[0]?.at?.line], [false, 1, line]);
      assert.match(problems[0]?.message ?? "", message);
      assert.ok((problems[0]?.hint ?? "") !== "");
    });
  }

  test("a send that is named behind the expectation is not there yet", () => {
    const text = `modules: { m: x }
steps:
  - send: { to: m, body: 1 }
  - expect: { upstream: 1, of: send-1 }
  - expect: { upstream: 1, of: late }
  - send: { to: m, body: 1, as: late }
  - send: { to: m, body: 1, as: late }
`;
    const { problems } = parseScenario(text, "scenario.yml");
    assert.deepEqual(
      problems.map(({ at }) => at?.line),
      [5, 7],
    );
  });

  test("modules that the device does not have are told with their steps", () => {
    const text = `modules: { tiny: x }
volumes: { tinny: 65536 }
steps:
  - send: { to: tinny, body: 1 }
  - expect: { connected: tinny }
  - expect: { module: tinny, upstream: 0 }
  - kill module: tinny
  - patch twin: { module: tiny, desired: {} }
  - fill disk: { module: tiny }
`;
    const read = parseScenario(text, "scenario.yml");
    assert.ok(read.ok, JSON.stringify(read.problems));
    const problems = checkNames(read.value.steps, Object.keys(read.value.volumes ?? {}), ["tiny"]);
    assert.deepEqual(
      problems.map(({ at, hint }) => [at?.line, hint?.slice(0, 17)]),
      [
        ...[undefined, 4, 5, 6, 7].map((line) => [line, "Did you mean tiny"]),
        [9, "Give it one at th"],
      ],
    );
  });

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
