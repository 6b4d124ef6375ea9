import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { serveControl } from "../../src/simulator/control.ts";
import { testDevice } from "../support/device.ts";

async function controlled(context: TestContext) {
  const { device, log } = await testDevice(context, { names: ["m"], clients: ["other"] });
  const control = await serveControl(device, 0);
  context.after(() => control.close());
  const ask = async (method: string, path: string, body?: string) => {
    const given = body === undefined ? {} : { body };
    const response = await fetch(`${control.url}${path}`, { method, ...given });
    return { status: response.status, text: await response.text() };
  };
  return { device, ask, log };
}

const large = "x".repeat(300_000);

const nested = (open: string, inner: string, close = ""): string => {
  const condition = `${open.repeat(1_000)}${inner}${close.repeat(1_000)}`;
  return JSON.stringify({ r: `FROM /* WHERE ${condition} INTO $upstream` });
};
const deepPatch = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;

suite("control over HTTP", () => {
  for (const [method, path, body, status, reason] of [
    ["GET", "/upstream?after=abc", undefined, 400, /after is 'abc'/],
    ["GET", "/upstream?after=-1", undefined, 400, /after is '-1'/],
    ["GET", "/upstream?after=0", undefined, 200, /"count":0/],
    ["POST", "/modules/m/inputs/", "{}", 400, /name of an input/],
    ["POST", "/modules/m/inputs/a%2Fb", "{}", 400, /name of an input is 'a\/b', must be/],
    ["POST", "/modules/m/inputs/a%23", "{}", 400, /level of a topic/],
    ["POST", "/modules/m/methods/", "{}", 400, /name of a method/],
    [
      "PUT",
      "/routes",
      JSON.stringify({ r: 'FROM /* INTO BrokeredEndpoint("/modules/m/inputs/+")' }),
      400,
      /the input is '\+', must/,
    ],
    ["POST", "/modules/m/inputs/in", large, 413, /300\d+ bytes with its properties, 262144/],
    ["POST", "/messages", large, 413, /300\d+ bytes with its properties, 262144/],
    ["POST", `/modules/m/inputs/in?p=${"%C3%A9".repeat(2_000)}`, "{}", 202, /{}/],
    ["POST", "/modules/m/methods/x", JSON.stringify(large), 400, /128 KiB/],
    ["POST", "/modules/m/methods/x", "null", 404, /not found/],
    ["POST", "/modules/m/methods/x", "nonsense", 400, /JSON/],
    ["PUT", "/routes", "[]", 400, /JSON object/],
    ["PUT", "/routes", '{"r": null}', 400, /route 'r': it must be a text/],
    [
      "PUT",
      "/routes",
      '{"r": {"route": "FROM /* INTO $upstream", "prio": 1}}',
      400,
      /'prio' is no key/,
    ],
    ["PUT", "/routes", '{"a.b": "FROM /* INTO $upstream"}', 400, /route 'a.b': the name/],
    ["PUT", "/routes", '{"r": {"route": "FROM /* INTO $upstream", "priority": 1}}', 200, /\[\]/],
    [
      "PUT",
      "/routes",
      nested("(", "true", ")"),
      400,
      /character \d+, the condition is nested deeper than 100/,
    ],
    ["PUT", "/routes", nested("-", "1"), 400, /nested deeper than 100/],
    ["PUT", "/routes", nested("a??", "b"), 400, /nested deeper than 100/],
    ["PUT", "/routes", `{"r": "${"x".repeat(4_097)}"}`, 400, /route 'r'/],
    [
      "PUT",
      "/routes",
      JSON.stringify({ r: `FROM /* WHERE ${"a='b' OR ".repeat(500)}true INTO $upstream` }),
      400,
      /45\d\d characters, 4096 are allowed/,
    ],
    ["PATCH", "/modules/other/twin", deepPatch, 400, /nested deeper than 10/],
    ["GET", "/modules/other/twin", undefined, 200, /desired/],
    ["PATCH", "/modules/other/twin", '{"a": 1}', 200, /version/],
    ["POST", "/modules/other/inputs/in", "{}", 202, /{}/],
    ["POST", "/modules/other/kill", undefined, 400, /another client's/],
    ["GET", "/modules/nobody/twin", undefined, 404, /no module 'nobody'/],
  ] as const) {
    test(`${method} ${path.slice(0, 60)} ${body?.slice(0, 60) ?? ""} is ${status}`, async (context) => {
      const { ask } = await controlled(context);
      const answer = await ask(method, path, body);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, reason);
    });
  }

  test("the longest chain of operators is taken, and run for a message", async (context) => {
    const { device, ask } = await controlled(context);
    const condition = `${"1+".repeat(2_000)}1=2001`;
    const route = `FROM /* WHERE ${condition} INTO $upstream`;
    const answer = await ask("PUT", "/routes", JSON.stringify({ route }));
    assert.equal(answer.status, 200, answer.text);
    await ask("POST", "/messages", "{}");
    assert.equal(device.upstream.count(), 1);
  });

  test("what is connected and what waits is shown of other clients too", async (context) => {
    const { ask } = await controlled(context);
    for (const module of ["m", "other", "other"])
      await ask("POST", `/modules/${module}/inputs/in`, "{}");
    const { modules, clients } = JSON.parse((await ask("GET", "/")).text) as Record<
      string,
      unknown
    >;
    assert.deepEqual(modules, { m: { connected: false, waiting: 1, restarts: 0 } });
    assert.deepEqual(clients, { other: { connected: false, waiting: 2 } });
  });

  test("a refused set of routes changes nothing", async (context) => {
    const { ask, device } = await controlled(context);
    await ask("PUT", "/routes", "[]");
    await ask("POST", "/messages", "{}");
    assert.equal(device.upstream.count(), 1);
  });

  test("properties that no topic of an input holds are refused, by routes they go nowhere", async (context) => {
    const { device, log } = await controlled(context);
    const bag = { system: {}, properties: { p: "é".repeat(11_000) } };
    const body = Buffer.from("{}");
    assert.throws(
      () => device.hub.sendToInput("m", "in", { bag, body }),
      /66\d+ bytes.* 65535 are/,
    );
    device.hub.setRoutes({
      r: 'FROM /messages/* INTO BrokeredEndpoint("/modules/m/inputs/in")',
      up: "FROM /messages/* INTO $upstream",
    });
    device.hub.sendFromDevice({ bag, body });
    assert.deepEqual([device.hub.queueLength("m"), device.upstream.count()], [0, 1]);
    assert.equal(device.hub.counters().refused, 1);
    assert.match(log.lines.join("\n"), /error a message does not go to m\/in/);
  });
});
