import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { Ajv } from "ajv";

import { readDesired } from "../../../../src/runtime/edge/twin/twin-contract.ts";
import { TWIN_SCHEMA } from "../../../../src/runtime/edge/twin/twin-schema.ts";

const NAMES = ["blue", "green"];
const matches = new Ajv().compile(TWIN_SCHEMA);

const GOOD = [
  {},
  { $version: 3, $metadata: {} },
  { traffic: { blue: 50, green: 50 } },
  { traffic: { blue: 100 } },
  { traffic: { blue: 0 } },
  { mirrorTraffic: { green: 10 } },
  { requestSettings: { requestTimeoutMs: 100, maxQueueWaitMs: 0 } },
  { logLevel: "debug" },
  { keys: ["a", "b"] },
  { outbox: { maxBytes: 1_000_000, maxAgeSeconds: 60 } },
  { deployments: { green: { enabled: false } } },
];

/** `schema`: a JSON schema can tell; the others need the names or a sum. */
const BAD = [
  [{ traffic: "abc" }, /traffic is "abc"/, "schema"],
  [{ traffic: { blue: 70, green: 70 } }, /adds up to 140/, ""],
  [{ traffic: { blue: 70, green: 20 } }, /adds up to 90/, ""],
  [{ traffic: { red: 100 } }, /'red', there is blue, green/, ""],
  [{ traffic: { blue: "100" } }, /traffic.blue is "100"/, "schema"],
  [{ traffic: { blue: 99.5, green: 0.5 } }, /traffic.blue is 99.5/, "schema"],
  [{ traffic: { blue: -1, green: 101 } }, /traffic.blue is -1/, "schema"],
  [{ traffic: [100] }, /traffic is \[100\]/, "schema"],
  [{ trafic: { blue: 100 } }, /trafic is not part of the contract/, "schema"],
  [{ mirrorTraffic: { green: 60 } }, /from 0 to 50/, "schema"],
  [{ mirrorTraffic: { green: 5, blue: 5 } }, /may name one/, "schema"],
  [{ requestSettings: { requestTimeoutMs: 0 } }, /requestTimeoutMs is 0/, "schema"],
  [{ requestSettings: { requestTimeoutMs: 3_600_001 } }, /from 1 to 3600000/, "schema"],
  [{ requestSettings: { maxQueueWaitMs: 2 ** 31 } }, /from 0 to 3600000/, "schema"],
  [{ requestSettings: { timeout: 5 } }, /requestSettings.timeout is not part/, "schema"],
  [{ logLevel: "loud" }, /logLevel is "loud"/, "schema"],
  [{ keys: "secret" }, /keys is no list/, "schema"],
  [{ keys: [1] }, /keys is no list/, "schema"],
  [{ outbox: { maxBytes: 1 } }, /outbox.maxBytes is 1/, "schema"],
  [{ deployments: { green: { enabled: "no" } } }, /enabled is "no"/, "schema"],
  [{ deployments: { green: { off: true } } }, /deployments.green.off is not part/, "schema"],
  [{ deployments: { blue: { enabled: false }, green: { enabled: false } } }, /at least one/, ""],
  [{ note: "x".repeat(40_000) }, /40\d+ bytes, 32768 are allowed/, "schema"],
] as const;

suite("twin contract", () => {
  for (const document of GOOD) {
    test(`${JSON.stringify(document)} is read, and its schema agrees`, () => {
      assert.deepEqual(readDesired(document, NAMES).problems, []);
      assert.equal(matches(document), true);
    });
  }

  for (const [document, message, by] of BAD) {
    test(`${JSON.stringify(document).slice(0, 80)} is refused`, () => {
      const read = readDesired(document, NAMES);
      assert.equal(read.ok, false);
      assert.match(read.problems.map((problem) => problem.message).join("\n"), message);
      if (by === "schema") assert.equal(matches(document), false);
    });
  }

  test("every fault of a document is reported at once", () => {
    const { problems } = readDesired({ traffic: "abc", logLevel: 1, nonsense: 1 }, NAMES);
    assert.equal(problems.length, 3);
  });

  test("a key that somebody forgot to hash stays out of the message", () => {
    const { problems } = readDesired({ keys: "my-secret-key" }, NAMES);
    assert.doesNotMatch(JSON.stringify(problems), /my-secret-key/);
  });

  test("names are those of the endpoint, whatever the case they are asked for in", () => {
    const read = readDesired({ traffic: { BLUE: 100 } }, NAMES);
    assert.ok(read.ok);
    assert.deepEqual(read.value.traffic, { blue: 100 });
  });
});
