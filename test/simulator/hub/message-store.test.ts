import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { HubMessage } from "../../../src/simulator/hub/message.ts";
import { openMessageStore } from "../../../src/simulator/hub/message-store.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const MESSAGE: HubMessage = {
  id: 7,
  source: "/messages/",
  device: "d",
  bag: { system: {}, properties: {} },
  body: Buffer.from("{}"),
  enqueuedAt: 1,
};

suite("messages on the hub's disk", () => {
  test("what was delivered does not come again, whatever its input is called", (context) => {
    const folder = tempFolder(context);
    const damages: string[] = [];
    const open = () => openMessageStore(folder, (message) => damages.push(message));
    const names = ["m/in", "m/a\nb", "m/\n", "m/\n\n7", "m/a\r\u2028b", "m/é😀"];
    const first = open();
    const targets = names.map((endpoint) => ({ endpoint, priority: 0 }));
    first.store.add({ message: MESSAGE, targets });
    for (const name of names.slice(1)) first.store.done(MESSAGE.id, name);
    first.store.close();
    const second = open();
    assert.deepEqual(
      second.found.map((stored) => stored.targets.map(({ endpoint }) => endpoint)),
      [["m/in"]],
    );
    second.store.done(MESSAGE.id, "m/in");
    second.store.close();
    const third = open();
    third.store.close();
    assert.deepEqual([third.found, damages], [[], []]);
  });
});
