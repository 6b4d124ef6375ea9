import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { ScoringRequest, ScoringResponse } from "../../../../src/core/scoring.ts";
import type { Input } from "../../../../src/runtime/edge/hub/client.ts";
import { sizeFault } from "../../../../src/runtime/edge/hub/message-size.ts";
import { createMessageScorer } from "../../../../src/runtime/edge/messages/message-scorer.ts";

type Answer = (request: ScoringRequest, call: number) => ScoringResponse | Promise<ScoringResponse>;

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers: { "content-type": "application/json", "azureml-model-deployment": "blue", ...headers },
  body: Buffer.from(JSON.stringify(body)),
});

function setUp(answer: Answer) {
  const requests: ScoringRequest[] = [];
  const scorer = createMessageScorer({
    scorer: {
      score: (request) => {
        requests.push(request);
        return Promise.resolve(answer(request, requests.length));
      },
      close: () => Promise.resolve(),
    },
    window: () => 2,
    resultOutput: "amlOutput",
    errorOutput: "amlError",
    createId: () => "new-id",
    observe: () => undefined,
  });
  return { scorer, requests };
}

function input(body: string, system: Record<string, string> = {}, properties = {}): Input {
  return {
    name: "amlInput",
    bag: { system, properties },
    body: Buffer.from(body),
    acknowledge: () => undefined,
  };
}

const echo: Answer = ({ body }) => json(200, { got: JSON.parse(Buffer.from(body).toString()) });

suite("messages", () => {
  test("a result carries the input's id and properties, and who answered", async () => {
    const { scorer, requests } = setUp(echo);
    const asked = { "azureml-model-deployment": "green", unit: "mm" };
    const result = await scorer.answer(input("{}", { mid: "1", cid: "2" }, asked), "key");
    assert.equal(requests[0]?.deployment, "green");
    assert.deepEqual(result, {
      key: "key",
      name: "amlOutput",
      bag: {
        system: { mid: "1", cid: "2", ct: "application/json", ce: "utf-8" },
        properties: { unit: "mm", "azureml-model-deployment": "blue" },
      },
      body: '{"got":{}}',
    });
  });

  for (const [name, system, expected] of [
    ["without ids both are new", {}, ["new-id", "new-id"]],
    ["without a correlation id it is the message's", { mid: "1" }, ["1", "1"]],
    ["empty ids are none", { mid: "", cid: "" }, ["new-id", "new-id"]],
  ] as const) {
    test(name, async () => {
      const { bag } = await setUp(echo).scorer.answer(input("{}", system), "key");
      assert.deepEqual([bag.system["mid"], bag.system["cid"]], expected);
    });
  }

  test("an array gives an array in order, with an error object for what failed", async () => {
    const { scorer } = setUp(({ body }) => {
      const value: unknown = JSON.parse(Buffer.from(body).toString());
      return value === 2
        ? json(400, { error: { code: "INPUT_SHAPE", message: "no" } })
        : json(200, value);
    });
    const { name, body } = await scorer.answer(input(" [1, 2, 3]"), "key");
    assert.equal(name, "amlOutput");
    const failed = { error: { code: "INPUT_SHAPE", message: "no" }, status: 400 };
    assert.deepEqual(JSON.parse(body), [1, failed, 3]);
  });

  test("an item reaches the scorer as it stands in the array", async () => {
    const { scorer, requests } = setUp(() => json(200, {}));
    const items = ['{"n": 12345678901234567890}', '"]\\"[,"', "[1, [2]]", "1.0"];
    await scorer.answer(input(` [${items.join(",")} ]`), "key");
    const texts = requests.map(({ body }) => Buffer.from(body).toString().trim());
    assert.deepEqual(texts, items);
  });

  for (const body of ["[]", " [ \n ] "]) {
    test(`${JSON.stringify(body)} gives an empty array`, async () => {
      assert.equal((await setUp(echo).scorer.answer(input(body), "key")).body, "[]");
    });
  }

  for (const [what, body] of [
    ["nested beyond all reason", `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
    ["that is no JSON", "[1, 2"],
  ] as const) {
    test(`an array ${what} is one request, as over HTTP`, async () => {
      const { scorer, requests } = setUp(() => json(400, { error: { code: "INPUT_JSON" } }));
      const { name, bag } = await scorer.answer(input(body), "key");
      assert.deepEqual([name, bag.properties["reason"]], ["amlError", "INPUT_JSON"]);
      assert.equal(requests.length, 1);
    });
  }

  test("an item that throws ends the others of its array", async () => {
    const { scorer, requests } = setUp((_, call) => {
      if (call === 3) throw new Error("on purpose");
      return json(200, {});
    });
    await assert.rejects(scorer.answer(input(`[${"1,".repeat(99)}1]`), "key"), /on purpose/);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    assert.ok(requests.length <= 4, `${requests.length} were scored`);
  });

  test("what a script says that is no JSON stands in an array as text", async () => {
    const { scorer } = setUp((_, call) => ({
      ...json(200, ""),
      body: Buffer.from(call === 1 ? "plain text" : "1"),
    }));
    assert.equal((await scorer.answer(input("[1,2]"), "key")).body, '["plain text",1]');
  });

  test("items of all messages together are asked for as there are slots", async () => {
    let [running, most] = [0, 0];
    const { scorer, requests } = setUp(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return json(200, {});
    });
    await Promise.all(
      ["1", "[1,2,3,4]", "[5,6,7]"].map((body) => scorer.answer(input(body), body)),
    );
    assert.deepEqual([most, requests.length], [2, 8]);
  });

  test("a batch whose result no message holds ends as soon as that is certain", async () => {
    const { scorer, requests } = setUp(() => json(200, "x".repeat(98)));
    const items = `[${Array.from({ length: 120_000 }, () => "1").join(",")}]`;
    const { name, bag, body } = await scorer.answer(input(items, { mid: "1" }), "key");
    assert.deepEqual(
      [name, bag.properties["reason"], bag.system["mid"]],
      ["amlError", "result_too_large", "1"],
    );
    assert.match(body, /with the answers to 22\d of its 120000 items/);
    assert.ok(requests.length < 230, `${requests.length} were scored`);
  });

  test("a fault of a script is carried whatever it is made of", async () => {
    const deep = `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
    const bodies = [deep, '{"error":{"code":"\\ud800"}}'];
    const { scorer } = setUp((_, call) => ({
      ...json(424, ""),
      body: Buffer.from(bodies[call - 1] ?? ""),
    }));
    const batch = await scorer.answer(input("[1]"), "key");
    const expected = [{ error: { code: "", message: deep }, status: 424 }];
    assert.deepEqual(JSON.parse(batch.body), expected);
    const { bag } = await scorer.answer(input("1"), "key");
    assert.equal(bag.properties["reason"], "\ufffd");
  });

  test("a fault goes to the error output with its status and reason", async () => {
    const fault = json(400, { error: { code: "INPUT_SHAPE", message: "no" } });
    const { name, bag, body } = await setUp(() => fault).scorer.answer(input("{}"), "key");
    assert.equal(name, "amlError");
    assert.deepEqual([bag.properties["status"], bag.properties["reason"]], ["400", "INPUT_SHAPE"]);
    assert.match(body, /INPUT_SHAPE/);
  });

  test("a full queue and an engine that is not ready are waited for", async () => {
    const reasons = ["too_many_pending_request", "model_not_ready"];
    const { scorer, requests } = setUp((request, call) => {
      const reason = reasons[call - 1];
      return reason === undefined
        ? echo(request, call)
        : json(424, "", { "ms-azureml-model-error-reason": reason });
    });
    const { name } = await scorer.answer(input('{"a":1}'), "key");
    assert.deepEqual([name, requests.length], ["amlOutput", 3]);
    // What scores may take the bytes with it: each try has its own.
    assert.equal(new Set(requests.map(({ body }) => body.buffer)).size, 3);
  });

  test("a result that no message holds becomes a fault", async () => {
    const large = json(200, "x".repeat(300_000));
    const { name, bag } = await setUp(() => large).scorer.answer(input("{}", { mid: "1" }), "key");
    assert.deepEqual(
      [name, bag.properties["reason"], bag.system["mid"]],
      ["amlError", "result_too_large", "1"],
    );
  });

  test("what fits into 256 KiB with its properties is no fault", async () => {
    const { name } = await setUp(() => json(200, "x".repeat(260_000))).scorer.answer(
      input("{}", { mid: "1" }),
      "key",
    );
    assert.equal(name, "amlOutput");
  });

  for (const [what, system, properties, carried] of [
    ["properties", { mid: "B" }, { p: "x".repeat(65_360) }, { mid: "B" }],
    ["properties, encoded", { mid: "B" }, { p: "é".repeat(11_000) }, { mid: "B" }],
    ["an id", { mid: "x".repeat(65_100) }, { p: "v" }, { mid: "new-id" }],
  ] as const) {
    test(`a result that no topic holds because of ${what} becomes a fault that fits`, async () => {
      const fault = await setUp(echo).scorer.answer(input("{}", system, properties), "key");
      assert.deepEqual([fault.name, fault.bag.system["mid"]], ["amlError", carried.mid]);
      assert.deepEqual(fault.bag.properties, { status: "424", reason: "result_too_large" });
      assert.match(fault.body, /65023 are allowed/);
      assert.equal(sizeFault(fault), undefined);
    });
  }

  test("a message that is set aside says so", () => {
    const { name, bag } = setUp(echo).scorer.setAside(input("{}", { mid: "1" }), "key");
    assert.deepEqual([name, bag.properties["reason"]], ["amlError", "set_aside"]);
  });
});
