import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { startedModule } from "../../../support/started-module.ts";
import { until } from "../../../support/device.ts";
import { smallHub } from "../../../support/small-hub.ts";
import type { SmallHub, SmallHubOptions } from "../../../support/small-hub.ts";

const SCORE = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: '{"data":[[1,2,3]]}',
};

async function connected(context: TestContext, options: SmallHubOptions = {}) {
  const hub = await smallHub(context, options);
  const { child, url } = await startedModule(context, hub.env);
  await hub.subscribed("/inputs/#");
  const alive = async (): Promise<void> => {
    const response = await fetch(`${url}/score`, SCORE);
    assert.deepEqual(await response.json(), { outputs: { y: [[2, 4, 6]] } });
    assert.equal(child.exitCode, null);
  };
  return { hub, alive };
}

const outputs = ({ published }: SmallHub, name: string) =>
  published.filter(({ topic }) => topic.includes(`%24.on=${name}`));

async function scores(hub: SmallHub, mid: string): Promise<void> {
  hub.input("in", `%24.mid=${mid}`, SCORE.body);
  await until(
    () => outputs(hub, "amlOutput").some(({ topic }) => topic.includes(`mid=${mid}`)),
    "a result",
  );
}

suite("a hub that says strange things", () => {
  for (const [name, body] of [
    ["without a body", ""],
    ["with a body that is no JSON", "<html>"],
  ] as const) {
    test(`a refused twin ${name} ends nothing: HTTP and messages go on`, async (context) => {
      const { hub, alive } = await connected(context, { get: () => ({ status: 500, body }) });
      await scores(hub, "1");
      await alive();
      assert.equal(hub.connections(), 1);
    });
  }

  test("a twin of nonsense ends nothing", async (context) => {
    const { hub, alive } = await connected(context, { get: () => ({ status: 200, body: "" }) });
    await scores(hub, "1");
    await alive();
  });

  test("a patch that is no JSON ends the connection alone, and the twin is read again", async (context) => {
    const { hub, alive } = await connected(context);
    for (const [count, body] of [
      [2, "not json"],
      [3, "7"],
    ] as const) {
      hub.say("$iothub/twin/PATCH/properties/desired/?$version=2", body);
      await until(() => hub.connections() === count, "the next connection");
      const asked = (): number =>
        hub.published.filter(({ topic }) => topic.startsWith("$iothub/twin/GET")).length;
      await until(() => asked() === count, "the twin is asked for");
    }
    await scores(hub, "1");
    await alive();
  });

  test("a report that is refused without a body is made again", async (context) => {
    let refuse = true;
    const twin = '{"desired":{"logLevel":"info","$version":2},"reported":{}}';
    const { hub, alive } = await connected(context, {
      get: () => ({ status: 200, body: twin }),
      report: () => ({ status: refuse ? 500 : 204, body: "" }),
    });
    const verdicts = () =>
      hub.published.filter(
        ({ topic, body }) => topic.includes("reported") && body.includes('"version":2'),
      ).length;
    await until(() => verdicts() === 1, "the verdict is reported");
    refuse = false;
    hub.say("$iothub/twin/PATCH/properties/desired/?$version=3", "no json");
    await until(() => verdicts() === 2, "it is reported again");
    await alive();
  });

  test("properties that no topic holds give a fault, and what comes behind goes on", async (context) => {
    const { hub, alive } = await connected(context);
    hub.input("in", `%24.mid=B&p=${"x".repeat(65_360)}/`, SCORE.body);
    await scores(hub, "1");
    await until(() => outputs(hub, "amlError").length === 1, "a fault");
    assert.match(outputs(hub, "amlError")[0]?.topic ?? "", /%24\.mid=B&.*reason=result_too_large/);
    await alive();
    assert.equal(hub.connections(), 1);
  });

  test("bodies nested beyond all reason give faults at once, and what comes behind goes on", async (context) => {
    const { hub, alive } = await connected(context);
    const body = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    for (let number = 0; number < 16; number += 1) hub.input("in", `%24.mid=p${number}`, body);
    await scores(hub, "good");
    await until(() => outputs(hub, "amlError").length === 16, "a fault for each");
    assert.match(outputs(hub, "amlError")[0]?.topic ?? "", /status=400&reason=INPUT_JSON/);
    await alive();
  });

  test("a batch of 120,000 items is a fault soon, and HTTP finds room meanwhile", async (context) => {
    const { hub, alive } = await connected(context);
    const body = `[${Array.from({ length: 120_000 }, () => "1").join(",")}]`;
    for (const mid of ["a", "b", "c"]) hub.input("in", `%24.mid=${mid}`, body);
    do await alive();
    while (outputs(hub, "amlError").length < 3);
    await scores(hub, "good");
    assert.match(outputs(hub, "amlError")[0]?.topic ?? "", /reason=result_too_large/);
  });

  test("desired properties nested beyond all reason are refused, and the connection stays", async (context) => {
    const { hub, alive } = await connected(context);
    const deep = (open: string, close: string) => `${open.repeat(9000)}1${close.repeat(9000)}`;
    for (const [version, value] of [
      [2, deep("[", "]")],
      [3, deep('{"a":', "}")],
    ] as const) {
      const patch = `{"traffic":{"blue":${value}},"$version":${version}}`;
      hub.say(`$iothub/twin/PATCH/properties/desired/?$version=${version}`, patch);
      await until(
        () =>
          hub.published.some(
            ({ topic, body }) =>
              topic.includes("reported") && body.includes(`{"version":${version},"ok":false`),
          ),
        "a verdict",
      );
    }
    assert.equal(hub.connections(), 1);
    await alive();
  });
});
