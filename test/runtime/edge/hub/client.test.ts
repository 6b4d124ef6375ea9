import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { connect } from "node:tls";

import { openEdgeClient } from "../../../../src/runtime/edge/hub/client.ts";
import type { EdgeClient, Input } from "../../../../src/runtime/edge/hub/client.ts";
import type { DesiredDocument } from "../../../../src/runtime/edge/hub/desired-document.ts";
import { Unsendable } from "../../../../src/runtime/edge/hub/message-size.ts";
import { jsonMessage, testDevice, until } from "../../../support/device.ts";
import { smallHub } from "../../../support/small-hub.ts";
import type { TestDevice } from "../../../support/device.ts";

type Connected = TestDevice & {
  readonly client: EdgeClient;
  readonly inputs: Input[];
  readonly patches: DesiredDocument[];
};

/** The SDK reads the environment of this process. */
async function connected(context: TestContext): Promise<Connected> {
  const simulated = await testDevice(context, { names: ["m"] });
  const env = simulated.env.get("m") ?? {};
  Object.assign(process.env, env);
  context.after(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });
  const inputs: Input[] = [];
  const patches: DesiredDocument[] = [];
  const client = await openEdgeClient({
    onInput: (input) => inputs.push(input),
    onDesiredPatch: (patch) => patches.push(patch),
    methods: {
      echo: (payload) => Promise.resolve({ status: 201, payload: { payload } }),
      fail: () => Promise.reject(new Error("on purpose")),
    },
  });
  context.after(() => client.close());
  client.listen();
  return { ...simulated, client, inputs, patches };
}

const timeouts = { connectTimeoutMs: 1000, responseTimeoutMs: 1000 };

suite("the device SDK, as we use it", () => {
  test("an input stays with the hub until it is acknowledged", async (context) => {
    const { device, inputs } = await connected(context);
    device.hub.sendToInput("m", "in", jsonMessage({ x: 1 }, "1", { "a b": "c/d&e=f" }));
    await until(() => inputs.length === 1, "the input arrives");
    const [input] = inputs;
    assert.equal(input?.name, "in");
    assert.deepEqual(input.bag.properties, { "a b": "c/d&e=f" });
    assert.equal(input.bag.system["mid"], "1");
    assert.equal(Buffer.from(input.body).toString(), '{"x":1}');

    // The SDK of this version acknowledges by itself at once: this fails when the hook stops working.
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(device.hub.queueLength("m"), 1);
    input.acknowledge();
    await until(() => device.hub.queueLength("m") === 0, "the hub forgets it");
  });

  test("what was not acknowledged comes again on the next connection", async (context) => {
    const { device, inputs, client } = await connected(context);
    device.hub.sendToInput("m", "in", jsonMessage({}, "1"));
    await until(() => inputs.length === 1, "the input arrives");
    await client.close();
    const again: Input[] = [];
    const next = await openEdgeClient({
      onInput: (input) => again.push(input),
      onDesiredPatch: () => undefined,
      methods: {},
    });
    context.after(() => next.close());
    next.listen();
    await until(() => again.length === 1, "the input comes again");
    inputs[0]?.acknowledge();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(device.hub.queueLength("m"), 1, "the old connection's PUBACK says nothing here");
    again[0]?.acknowledge();
    await until(() => device.hub.queueLength("m") === 0, "the hub forgets it");
  });

  test("at most 16 inputs are on their way at a time", async (context) => {
    const { device, inputs } = await connected(context);
    for (let number = 0; number < 40; number += 1) {
      device.hub.sendToInput("m", "in", jsonMessage({}, String(number)));
    }
    await until(() => inputs.length === 16, "16 inputs arrive");
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(inputs.length, 16);
    inputs[0]?.acknowledge();
    await until(() => inputs.length === 17, "the next one arrives");
  });

  test("a property bag that is no percent-encoding does not end the process", async (context) => {
    const { device, inputs } = await connected(context);
    const message = jsonMessage({}, "1");
    // As another hub might write it: ours encodes, so the name itself carries the trap.
    device.hub.sendToInput("m", "in%E0%A4%A", message);
    await until(() => inputs.length === 1, "the input arrives");
    assert.equal(inputs[0]?.name, "in%E0%A4%A");
  });

  test("an output goes out whole, with its system and its own properties", async (context) => {
    const { device, client } = await connected(context);
    await client.send({
      name: "out",
      bag: {
        system: { mid: "7", cid: "6", ct: "application/json", ce: "utf-8" },
        properties: { "model id": "a/b+c&d=é" },
      },
      body: '{"y":[1]}',
    });
    const [message] = device.upstream.messages();
    assert.equal(message?.source, "/messages/modules/m/outputs/out/");
    assert.deepEqual(message.bag, {
      system: { mid: "7", cid: "6", ct: "application/json", ce: "utf-8" },
      properties: { "model id": "a/b+c&d=é" },
    });
    assert.equal(Buffer.from(message.body).toString(), '{"y":[1]}');
  });

  test("twin: the document, a patch with a shorter list, a report", async (context) => {
    const { device, client, patches } = await connected(context);
    assert.deepEqual(await client.desired(), { $version: 2 });
    device.hub.patchDesired("m", { list: ["a", "b", "c"], gone: 1 });
    device.hub.patchDesired("m", { list: ["d"], gone: null });
    await until(() => patches.length === 2, "both patches arrive");
    assert.deepEqual(patches[1], { list: ["d"], gone: null, $version: 4 });
    assert.deepEqual(await client.desired(), { list: ["d"], $version: 4 });
    await client.report({ state: "ready", no: null });
    assert.deepEqual(device.hub.twinOf("m").reported.properties, { state: "ready" });
    await assert.rejects(client.report({ text: "x".repeat(5000) }), /4096/);
  });

  test("a key called __proto__ is in the document as it is in a patch", async (context) => {
    const { device, client, patches } = await connected(context);
    device.hub.patchDesired("m", JSON.parse('{"__proto__": 1}') as Record<string, number>);
    await until(() => patches.length === 1, "the patch arrives");
    assert.ok(Object.hasOwn(patches[0] ?? {}, "__proto__"));
    assert.ok(Object.hasOwn(await client.desired(), "__proto__"));
  });

  test("a slash behind the property bag of an input is none of it", async (context) => {
    const hub = await smallHub(context);
    const inputs: Input[] = [];
    const client = await openEdgeClient({
      onInput: (input) => inputs.push(input),
      onDesiredPatch: () => undefined,
      methods: {},
    });
    context.after(() => client.close());
    client.listen();
    await hub.subscribed("/inputs/#");
    for (const bag of ["%24.mid=1/", "%24.mid=1", "a=%2F/", "/", ""]) hub.input("in", bag, "{}");
    await until(() => inputs.length === 5, "the inputs arrive");
    const of = (mid?: string, a?: string) => ({
      system: mid === undefined ? {} : { mid },
      properties: a === undefined ? {} : { a },
    });
    assert.deepEqual(
      inputs.map(({ bag }) => bag),
      [of("1"), of("1"), of(undefined, "/"), of(), of()],
    );
  });

  test("what no hub takes is refused before it is sent, and the connection stays", async (context) => {
    const { device, client } = await connected(context);
    const bag = (p: string) => ({ system: { mid: "1" }, properties: { p } });
    const large = { name: "o", bag: bag("x".repeat(65_100)), body: "{}" };
    await assert.rejects(client.send(large), Unsendable);
    const body = "x".repeat(262_000);
    await assert.rejects(client.send({ name: "o", bag: bag(""), body }), Unsendable);
    await client.send({ name: "o", bag: bag("x".repeat(64_900)), body: "x".repeat(190_000) });
    assert.equal(device.upstream.count(), 1);
  });

  test("direct methods answer, also without a payload and when they throw", async (context) => {
    const { device } = await connected(context);
    const call = (name: string, payload?: unknown) =>
      device.hub.callMethod({ module: "m", name, payload, ...timeouts });
    assert.deepEqual(await call("echo", { a: 1 }), { status: 201, payload: { payload: { a: 1 } } });
    assert.deepEqual(await call("echo"), { status: 201, payload: { payload: null } });
    assert.deepEqual(await call("fail"), { status: 500, payload: { message: "on purpose" } });
  });

  test("a method that there is not is answered at once, with those that there are", async (context) => {
    const { device } = await connected(context);
    for (const name of ["nobody", "constructor", "toString"]) {
      const answer = await device.hub.callMethod({ module: "m", name, payload: {}, ...timeouts });
      const message = `there is no method '${name}'`;
      assert.deepEqual(answer, { status: 404, payload: { message, methods: ["echo", "fail"] } });
    }
  });

  test("a module calls another's method over HTTPS, as the SDK asks for it", async (context) => {
    const { device, env } = await connected(context);
    const { Mqtt } = (await import("azure-iot-device-mqtt")).default;
    const { ModuleClient } = (await import("azure-iot-device")).default;
    Object.assign(process.env, env.get("m"), { IOTEDGE_GATEWAYHOSTNAME: "localhost" });
    const caller = await ModuleClient.fromEnvironment(Mqtt);
    // It never connects, and its timer for the next token would keep the test from ending.
    const transport = Reflect.get(caller, "_transport") as object;
    const provider = Reflect.get(transport, "_authenticationProvider") as { stop: () => void };
    context.after(() => provider.stop());
    const ca = readFileSync(device.caFile, "utf8");
    const agent = new Agent();
    Object.assign(agent, {
      createConnection: () =>
        connect({ host: "127.0.0.1", port: device.hub.port, servername: "localhost", ca }),
    });
    await caller.setOptions({ ca, http: { agent } });
    const call = (methodName: string) =>
      caller.invokeMethod("sim-device", "m", {
        methodName,
        payload: { a: 1 },
        connectTimeoutInSeconds: 1,
        responseTimeoutInSeconds: 5,
      });
    assert.deepEqual(await call("echo"), { status: 201, payload: { payload: { a: 1 } } });
  });

  test("a token is renewed without a loss: the session, an input on its way, methods, twin", async (context) => {
    const { Mqtt } = (await import("azure-iot-device-mqtt")).default;
    const transports: object[] = [];
    const prototype = Mqtt.prototype as unknown as { connect: (...values: unknown[]) => void };
    const { connect: plain } = prototype;
    context.mock.method(
      prototype,
      "connect",
      function connectAndTell(this: object, ...values: unknown[]) {
        transports.push(this);
        plain.apply(this, values);
      },
    );
    const { device, inputs, client, log, patches } = await connected(context);
    await client.desired();
    device.hub.sendToInput("m", "in", jsonMessage({}, "1"));
    await until(() => inputs.length === 1, "the input arrives");

    const provider = Reflect.get(transports[0] ?? {}, "_authenticationProvider") as object;
    // What its timer does after 45 minutes.
    (Reflect.get(provider, "_expiryTimerHandler") as () => void).call(provider);
    await until(
      () => log.lines.filter((line) => line.includes("is connected")).length === 2,
      "it reconnects",
    );
    await until(() => inputs.length === 2, "the input comes again");
    inputs[0]?.acknowledge();
    inputs[1]?.acknowledge();
    await until(() => device.hub.queueLength("m") === 0, "the hub forgets it");
    const call = { module: "m", name: "echo", payload: 1, ...timeouts };
    assert.equal((await device.hub.callMethod(call)).status, 201);
    device.hub.patchDesired("m", { a: 1 });
    await until(() => patches.length === 1, "the patch arrives");
    await client.send({ name: "o", bag: { system: {}, properties: {} }, body: "{}" });
    assert.equal(device.upstream.count(), 1);
  });

  test("a cut connection ends the client, with a reason", async (context) => {
    const { device, client } = await connected(context);
    device.hub.cut();
    assert.match(await client.ended, /./);
    await assert.rejects(
      client.send({ name: "o", bag: { system: {}, properties: {} }, body: "{}" }),
    );
  });
});
