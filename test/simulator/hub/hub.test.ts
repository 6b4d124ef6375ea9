import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";

import type { Device } from "../../../src/simulator/device.ts";
import { jsonMessage, testDevice, until } from "../../support/device.ts";

const MOSQUITTO = ["/usr/bin/mosquitto_pub", "/usr/local/bin/mosquitto_pub"].find(existsSync);
const withMosquitto = {
  skip: MOSQUITTO === undefined && "mosquitto's clients are not installed here",
};

const EVENTS = "devices/sim-device/modules/m/messages/events/";

type Attempt = {
  readonly password?: string;
  readonly topic: string;
  readonly body?: string;
};

/** Another MQTT client, written by others. */
async function mosquitto(device: Device, program: "pub" | "sub", attempt: Attempt) {
  const { clientId = "", username = "", password = "" } = device.credentialsOf("m") ?? {};
  const where = ["-h", "localhost", "-p", String(device.hub.port), "--cafile", device.caFile];
  const who = ["-i", clientId, "-u", username, "-P", attempt.password ?? password];
  const { body } = attempt;
  const message = body === undefined ? ["-m", '{"x":1}'] : ["-s"];
  const what = program === "pub" ? message : ["-W", "2", "-C", "1"];
  const child = spawn(`mosquitto_${program}`, [
    ...where,
    ...who,
    "-q",
    "1",
    "-t",
    attempt.topic,
    ...what,
  ]);
  child.stdin.end(body ?? "");
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("exit", resolve)),
  ]);
  return { stdout, stderr, status };
}

suite("hub", () => {
  test(
    "another MQTT client is let in with a token, and its message is routed",
    withMosquitto,
    async (context) => {
      const { device } = await testDevice(context, { clients: ["m"] });
      const { status, stderr } = await mosquitto(device, "pub", {
        topic: `${EVENTS}%24.on=o&a=1/`,
      });
      assert.equal(status, 0, stderr);
      const [message] = device.upstream.messages();
      assert.equal(message?.source, "/messages/modules/m/outputs/o/");
      assert.deepEqual(message.bag, { system: {}, properties: { a: "1" } });
    },
  );

  for (const [bytes, taken] of [
    [262_144 - EVENTS.length, true],
    [262_145 - EVENTS.length, false],
  ] as const) {
    test(
      `${bytes} bytes behind their topic are ${taken ? "taken" : "too many"}`,
      withMosquitto,
      async (context) => {
        const { device, log } = await testDevice(context, { clients: ["m"] });
        await mosquitto(device, "pub", { topic: EVENTS, body: "x".repeat(bytes) });
        assert.equal(device.upstream.count(), taken ? 1 : 0);
        if (!taken) assert.match(log.lines.join("\n"), /has 262145 bytes .* 262144 are allowed/);
      },
    );
  }

  for (const [name, password] of [
    ["without a token", ""],
    ["with a token of nonsense", "SharedAccessSignature sr=x&sig=y&se=1"],
    ["with another module's token", "other"],
  ] as const) {
    test(`it is refused ${name}`, withMosquitto, async (context) => {
      const { device } = await testDevice(context, { clients: ["m", "other"] });
      const given =
        password === "other" ? (device.credentialsOf("other")?.password ?? "") : password;
      const { status, stderr } = await mosquitto(device, "pub", {
        topic: `${EVENTS}/`,
        password: given,
      });
      assert.equal(status, 5, stderr);
      assert.equal(device.upstream.count(), 0);
    });
  }

  test(
    "a module cannot read another's topics, and reads its own",
    withMosquitto,
    async (context) => {
      const { device } = await testDevice(context, { clients: ["m", "other"] });
      for (const topic of [
        "devices/sim-device/modules/other/inputs/#",
        "#",
        "devices/+/modules/+/inputs/#",
      ]) {
        const { stderr } = await mosquitto(device, "sub", { topic });
        assert.match(stderr, /denied/, topic);
      }
      const own = mosquitto(device, "sub", { topic: "devices/sim-device/modules/m/inputs/#" });
      device.hub.sendToInput("m", "in", jsonMessage({ hello: 1 }, "1"));
      assert.equal((await own).stdout.trim(), '{"hello":1}');
    },
  );

  test("what is published to a foreign topic reaches nobody", withMosquitto, async (context) => {
    const { device, log } = await testDevice(context, { clients: ["m", "other"] });
    await mosquitto(device, "pub", { topic: "devices/sim-device/modules/other/messages/events/" });
    await mosquitto(device, "pub", { topic: "$iothub/methods/POST/x/?$rid=1" });
    assert.equal(device.upstream.count(), 0);
    assert.equal(log.lines.filter((line) => line.includes("may not publish")).length, 2);
  });

  test("messages that wait are there after a restart of the hub, in order", async (context) => {
    const { device } = await testDevice(context, { clients: ["m"] });
    for (const mid of ["1", "2", "3"]) device.hub.sendToInput("m", "in", jsonMessage({}, mid));
    await device.restartHub();
    assert.equal(device.hub.queueLength("m"), 3);
    const { port } = device.hub;
    await device.restartHub();
    assert.equal(device.hub.port, port);
  });

  test("a twin keeps its versions over a restart", async (context) => {
    const { device } = await testDevice(context, { names: ["m"] });
    device.hub.patchDesired("m", { a: 1 });
    const before = device.hub.twinOf("m");
    await device.restartHub();
    assert.deepEqual(device.hub.twinOf("m"), before);
  });

  test("a message whose time is over is not delivered", async (context) => {
    const { device } = await testDevice(context, { clients: ["m"], timeToLiveSecs: 0 });
    device.hub.sendToInput("m", "in", jsonMessage({}, "1"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await until(
      () => device.hub.counters().expired === 1 || device.hub.queueLength("m") === 0,
      "it expires",
    );
    assert.equal(device.hub.counters().delivered, 0);
  });

  test("a wrong set of routes changes nothing", async (context) => {
    const { device } = await testDevice(context, {});
    assert.equal(device.hub.setRoutes({ a: "FROM /x INTO $upstream", b: "nonsense" }).ok, false);
    device.hub.sendFromDevice(jsonMessage({}, "1"));
    assert.equal(device.upstream.count(), 1);
    assert.equal(device.hub.setRoutes({}).ok, true);
    device.hub.sendFromDevice(jsonMessage({}, "2"));
    assert.equal(device.upstream.count(), 1);
  });

  test("40 KB of desired properties are refused and the twin stays", async (context) => {
    const { device } = await testDevice(context, { names: ["m"] });
    const large = Object.fromEntries(
      Array.from({ length: 10 }, (_, n) => [`k${n}`, "x".repeat(4000)]),
    );
    const patched = device.hub.patchDesired("m", large);
    assert.ok(!patched.ok);
    assert.match(patched.fault, /40\d+ bytes, 32768 are allowed/);
    assert.deepEqual(device.hub.twinOf("m").desired.properties, {});
  });

  test("a method of a module that is not there is 404", async (context) => {
    const { device } = await testDevice(context, { clients: ["m"] });
    const call = {
      module: "m",
      name: "x",
      payload: null,
      connectTimeoutMs: 10,
      responseTimeoutMs: 10,
    };
    assert.equal((await device.hub.callMethod(call)).status, 404);
  });

  test(
    "a restart ends no cut: nobody is let in until it is restored",
    withMosquitto,
    async (context) => {
      const { device } = await testDevice(context, { clients: ["m"] });
      const publish = () => mosquitto(device, "pub", { topic: `${EVENTS}%24.on=o/` });
      device.hub.cut();
      await device.restartHub();
      assert.notEqual((await publish()).status, 0);
      await device.restartHub();
      assert.notEqual((await publish()).status, 0);
      assert.equal(device.upstream.count(), 0);
      device.hub.restore();
      assert.equal((await publish()).status, 0);
      await device.restartHub();
      assert.equal((await publish()).status, 0);
      assert.equal(device.upstream.count(), 2);
    },
  );

  for (const filter of ["inputs/in1/#", "inputs/in1/+", "inputs/+", "inputs/in1", "#"]) {
    test(
      `${filter} is not granted, since nothing would come of it`,
      withMosquitto,
      async (context) => {
        const { device, log } = await testDevice(context, { clients: ["m"] });
        const topic = `devices/sim-device/modules/m/${filter}`;
        const { stderr } = await mosquitto(device, "sub", { topic });
        assert.match(stderr, /denied|rejected/i);
        assert.match(log.lines.join("\n"), /may not subscribe to devices/);
      },
    );
  }

  test("all inputs together are granted and delivered", withMosquitto, async (context) => {
    const { device } = await testDevice(context, { clients: ["m"] });
    device.hub.sendToInput("m", "in1", jsonMessage({ x: 1 }, "7"));
    const { stdout, stderr } = await mosquitto(device, "sub", {
      topic: "devices/sim-device/modules/m/inputs/#",
    });
    assert.equal(stdout.trim(), '{"x":1}', stderr);
  });
});
