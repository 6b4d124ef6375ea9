import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { renderToken, tokenEnd, tokenFault } from "../../../src/simulator/broker/sas-token.ts";

const KEY = Buffer.from("a key of a module");
const RESOURCE = { hub: "hub.azure-devices.net", device: "d", module: "m" };
const NOW = 1_800_000_000_000;
const EXPIRES = NOW / 1000 + 3600;
const TOKEN = renderToken({ key: KEY, resource: RESOURCE, expiresAt: EXPIRES });

suite("shared access signatures", () => {
  test("a token of our own is taken, and tells its end", () => {
    assert.equal(tokenFault(TOKEN, { key: KEY, resource: RESOURCE }, NOW), undefined);
    assert.equal(tokenEnd(TOKEN), EXPIRES * 1000);
  });

  for (const [name, token, resource, now, reason] of [
    ["of nonsense", "nonsense", RESOURCE, NOW, /no shared access/],
    ["of another module", TOKEN, { ...RESOURCE, module: "x" }, NOW, /it is for/],
    ["of another hub", TOKEN, { ...RESOURCE, hub: "x" }, NOW, /it is for/],
    ["that has expired", TOKEN, RESOURCE, NOW + 3_600_001, /has expired/],
    [
      "with a later end",
      TOKEN.replace(/se=\d+/, "se=9999999999"),
      RESOURCE,
      NOW,
      /signature is wrong/,
    ],
    ["without an end", TOKEN.replace(/&se=\d+/, ""), RESOURCE, NOW, /signature is wrong/],
    ["with a malformed escape", `${TOKEN}%`, RESOURCE, NOW, /signature is wrong|has expired/],
  ] as const) {
    test(`a token ${name} is refused`, () => {
      assert.match(tokenFault(token, { key: KEY, resource }, now) ?? "taken", reason);
    });
  }

  test("a token signed with another key is refused", () => {
    const other = { key: Buffer.from("another"), resource: RESOURCE };
    assert.match(tokenFault(TOKEN, other, NOW) ?? "taken", /signature is wrong/);
  });
});
