import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { openEdgeClient } from "../../../src/runtime/edge/hub/client.ts";
import { serveControl } from "../../../src/simulator/control.ts";
import { openMessageStore } from "../../../src/simulator/hub/message-store.ts";
import { StorageFault } from "../../../src/simulator/hub/storage-fault.ts";
import { jsonMessage, testDevice } from "../../support/device.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** From here on no file takes a byte, until it is told to. */
function fullDisk(context: TestContext): () => void {
  const refuse = (): never => {
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };
  const mocks = [
    context.mock.method(fs, "writeSync", refuse),
    context.mock.method(fs, "writeFileSync", refuse),
  ];
  syncBuiltinESMExports();
  const restore = (): void => {
    for (const { mock } of mocks) mock.restore();
    syncBuiltinESMExports();
  };
  context.after(restore);
  return restore;
}

const OUTPUT = { name: "o", bag: { system: { mid: "1" }, properties: {} }, body: "{}" };

suite("a state disk that is full", () => {
  test("a module's message is not acknowledged, and the hub goes on when there is room", async (context) => {
    const { device, env, log } = await testDevice(context, { names: ["m"] });
    const given = env.get("m") ?? {};
    Object.assign(process.env, given);
    context.after(() => {
      for (const name of Object.keys(given)) delete process.env[name];
    });
    const options = { onInput: () => undefined, onDesiredPatch: () => undefined, methods: {} };
    const client = await openEdgeClient(options);
    context.after(() => client.close());
    await client.desired();
    const makeRoom = fullDisk(context);
    await assert.rejects(client.report({ a: 1 }), /the twin of m cannot be stored: ENOSPC/);
    await assert.rejects(client.send(OUTPUT));
    await assert.rejects(openEdgeClient(options));
    assert.match(
      log.lines.join("\n"),
      /error .*cut off, the subscriptions cannot be stored: ENOSPC/,
    );
    assert.match(log.lines.join("\n"), /error .*is not taken: a message cannot be stored: ENOSPC/);
    assert.equal(device.upstream.count(), 0);
    makeRoom();
    const later = await openEdgeClient(options);
    context.after(() => later.close());
    await later.send(OUTPUT);
    assert.equal(device.upstream.count(), 1);
  });

  test("a delivery that cannot be noted on it is said, and made again after a restart", (context) => {
    const lines: string[] = [];
    const folder = tempFolder(context);
    const { store } = openMessageStore(folder, (line) => lines.push(line));
    const { bag, body } = jsonMessage({}, "1");
    const message = { id: 1, source: "/messages/", device: "d", bag, body, enqueuedAt: 0 };
    store.add({ message, targets: [{ endpoint: "m/in", priority: 0 }] });
    const makeRoom = fullDisk(context);
    store.done(1, "m/in");
    assert.match(lines.join("\n"), /a delivery cannot be noted: ENOSPC/);
    makeRoom();
    store.close();
    assert.equal(openMessageStore(folder, () => undefined).found.length, 1, "at least once");
  });

  test("control answers 507, and a scenario's send fails", async (context) => {
    const { device } = await testDevice(context, { names: ["m"] });
    const control = await serveControl(device, 0);
    context.after(() => control.close());
    fullDisk(context);
    const ask = (method: string, path: string) =>
      fetch(`${control.url}${path}`, { method, body: "{}" }).then(({ status }) => status);
    assert.deepEqual(
      [
        await ask("POST", "/messages"),
        await ask("POST", "/modules/m/inputs/in"),
        await ask("PATCH", "/modules/m/twin"),
      ],
      [507, 507, 507],
    );
    assert.throws(() => device.hub.sendFromDevice(jsonMessage({}, "1")), StorageFault);
  });
});
