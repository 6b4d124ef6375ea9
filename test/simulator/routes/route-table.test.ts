import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { moduleSource, subjectOf } from "../../../src/simulator/hub/message.ts";
import type { HubMessage } from "../../../src/simulator/hub/message.ts";
import { endpointName } from "../../../src/simulator/routes/route.ts";
import { readRoutes } from "../../../src/simulator/routes/route-table.ts";
import type { RouteSpec } from "../../../src/simulator/routes/route-spec.ts";

type MessageParts = {
  readonly body?: unknown;
  readonly properties?: Readonly<Record<string, string>>;
  readonly system?: Readonly<Record<string, string>>;
  readonly source?: string;
};

function message({ body = {}, properties = {}, system = {}, source }: MessageParts): HubMessage {
  return {
    id: 1,
    source: source ?? moduleSource("a", "o"),
    device: "d",
    module: "a",
    bag: { system: { ct: "application/json", ce: "utf-8", mid: "m1", ...system }, properties },
    body: Buffer.from(JSON.stringify(body)),
    enqueuedAt: 0,
  };
}

function targets(routes: Readonly<Record<string, RouteSpec>>, parts: MessageParts) {
  const read = readRoutes(routes);
  assert.ok(read.ok, JSON.stringify(read.problems));
  const given = message(parts);
  return read.value.targetsOf(given.source, subjectOf(given));
}

const isRouted = (condition: string, parts: MessageParts): boolean =>
  targets({ r: `FROM /* WHERE ${condition} INTO $upstream` }, parts).length === 1;

suite("routes", () => {
  for (const [source, from, taken] of [
    ["/messages/modules/a/outputs/*", moduleSource("a", "o"), true],
    ["/messages/modules/a/outputs/*", moduleSource("b", "o"), false],
    ["/messages/modules/A/OUTPUTS/o", moduleSource("a", "o"), true],
    ["/messages/modules/a/*", moduleSource("a", undefined), true],
    ["/messages/modules/a/*", moduleSource("a", "o"), true],
    ["/messages/modules/a/outputs/o*", moduleSource("a", "other"), false],
    ["/messages/modules/a/outputs/o*", moduleSource("a", "o"), true],
    ["/messages/modules/*/outputs/o", moduleSource("a", "o"), false],
    ["/messages/*", "/messages/", true],
    ["/*", "/twinChangeNotifications/", true],
    ["/messages/*", "/twinChangeNotifications/", false],
  ] as const) {
    test(`FROM ${source} ${taken ? "takes" : "leaves"} ${from}`, () => {
      const found = targets({ r: `FROM ${source} INTO $upstream` }, { source: from });
      assert.equal(found.length === 1, taken);
    });
  }

  for (const [condition, parts, routed] of [
    ["$body.score > 0.8", { body: { score: 0.9 } }, true],
    ["$body.score > 0.8", { body: { score: 0.8 } }, false],
    ["$body.score > 0.8", { body: { score: "0.9" } }, false],
    ["$body.score > 0.8", { body: {} }, false],
    ["$body.a.b[1].c = 'x'", { body: { a: { b: [0, { c: "x" }] } } }, true],
    ["$body.absent = null", { body: {} }, true],
    ["is_defined($body.absent)", { body: {} }, true],
    ["$body.list = null", { body: { list: [] } }, false],
    ["$body.score > 0.8", { body: { score: 1 }, system: { ct: "text/plain" } }, false],
    ["$body.score > 0.8", { body: { score: 1 }, system: { ce: "latin-1" } }, false],
    ["$body.score > 0.8", { body: { score: 1 }, system: { ct: "Application/JSON" } }, true],
    ["as_number(temp) > 20", { properties: { temp: "21" } }, true],
    ["level = 'high' AND as_number(n) % 2 = 0", { properties: { level: "high", n: "4" } }, true],
    ["NOT level = 'high'", { properties: { level: "low" } }, true],
    ["NOT absent = 'high'", {}, false],
    ["absent = 'x' OR level = 'high'", { properties: { level: "high" } }, true],
    ["a = '1' OR b = '1' AND c = '1'", { properties: { a: "1", b: "0", c: "0" } }, true],
    ["(a = '1' OR b = '1') AND c = '1'", { properties: { a: "1", b: "0", c: "0" } }, false],
    ["1 + 2 * 3 = 7", {}, true],
    ["-(1 + 2) = -3", {}, true],
    ["0x10 = 16 AND 1e2 = 100", {}, true],
    ["'a' || 'b' = 'ab'", {}, true],
    ["(absent ?? 'z') = 'z'", {}, true],
    ["$messageId = 'm1'", {}, true],
    ["$connectionModuleId = 'a' AND $connectionDeviceId = 'd'", {}, true],
    ["$outputName = 'o'", {}, true],
    ["$score = 'own'", { properties: { $score: "own" } }, true],
    ["{$contentType} = 'application/json'", { properties: { $contentType: "x" } }, true],
    ["starts_with(name, 'ab') and ENDS_WITH(name, 'yz')", { properties: { name: "ab-yz" } }, true],
    ["substring(name, 1, 2) = 'bc' and length(name) = 4", { properties: { name: "abcd" } }, true],
    ["index_of(upper(name), 'C') = 2", { properties: { name: "abcd" } }, true],
    ["concat(a, b) = '12' and contains(a, '1')", { properties: { a: "1", b: "2" } }, true],
    ["power(2, 3) = square(2) * 2 and abs(-1) = sign(5)", {}, true],
    ["floor(1.5) = 1 and ceiling(1.5) = 2 and sqrt(9) = 3", {}, true],
    [String.raw`name = 'it\'s \u0041'`, { properties: { name: "it's A" } }, true],
    ["'b' > 'B'", {}, true],
    ["true = true and 1 <> 2 and 1 != 2", {}, true],
    ["/* a comment */ true", {}, true],
    ["is_null($body.x)", { body: { x: null } }, true],
    ["is_null($body.x)", { body: {} }, false],
    ["NOT is_null($body.x)", { body: {} }, true],
    ["is_null($body.x)", { body: { x: 1 } }, true],
    ["is_null($body.x)", { body: { x: [] } }, false],
    ["is_null($body.x.y)", { body: { x: { y: null } } }, true],
    ["is_null($body.x.y)", { body: {} }, false],
    ["is_null(p)", {}, true],
    ["is_null(p)", { properties: { p: "" } }, false],
    ["is_null(null) AND NOT is_null(1)", {}, true],
    ["$body.flag", { body: { flag: true } }, true],
    ["$body.flag AND a = '1'", { body: { flag: true }, properties: { a: "1" } }, true],
    ["$body.x > $body.y", { body: { x: 2, y: 1 } }, true],
    ["undefined", {}, false],
  ] as const) {
    test(`${condition} of ${JSON.stringify(parts)} is ${routed}`, () => {
      assert.equal(isRouted(condition, parts), routed);
    });
  }

  test("without WHERE everything from the source goes", () => {
    const found = targets({ r: "select * from /messages/* into $UPSTREAM" }, {});
    assert.deepEqual(
      found.map(({ endpoint }) => endpointName(endpoint)),
      ["$upstream"],
    );
  });

  test("several routes to one endpoint deliver once, by the most urgent", () => {
    const sink = 'INTO BrokeredEndpoint("/modules/b/inputs/x")';
    const found = targets(
      {
        late: `FROM /* ${sink}`,
        urgent: { route: `FROM /messages/* ${sink}`, priority: 2, timeToLiveSecs: 5 },
        later: { route: `FROM /messages/* ${sink}`, priority: 7 },
        other: "FROM /* INTO $upstream",
      },
      {},
    );
    assert.deepEqual(
      found.map(({ endpoint, priority, timeToLiveSecs }) => [
        endpointName(endpoint),
        priority,
        timeToLiveSecs,
      ]),
      [
        ["b/x", 2, 5],
        ["$upstream", 2_000_000_000, undefined],
      ],
    );
  });

  for (const [route, reason] of [
    ["", /FROM/],
    ["FROM messages INTO $upstream", /begin with \//],
    ["FROM /messages/*", /INTO/],
    ["FROM /messages/* INTO nowhere", /\$upstream/],
    ["FROM /messages/* WHERE INTO $upstream", /no value|INTO/],
    ["FROM /messages/* WHERE a = INTO $upstream", /INTO|value/],
    ["FROM /messages/* WHERE (a = 'b' INTO $upstream", /'\)' is missing/],
    ["FROM /messages/* WHERE a = 'b INTO $upstream", /closing quote/],
    ["FROM /messages/* WHERE nope(1) = 1 INTO $upstream", /no function 'nope'/],
    ["FROM /* WHERE temp > 20 INTO $upstream", /> compares a text with a number.*as_number/],
    ["FROM /* WHERE temp = 25 INTO $upstream", /= compares a text with a number.*as_number/],
    ["FROM /* WHERE 25 = temp INTO $upstream", /= compares a number with a text/],
    ["FROM /* WHERE $messageId = 1 INTO $upstream", /= compares a text with a number/],
    ["FROM /* WHERE temp = true INTO $upstream", /= compares a text with a truth/],
    ["FROM /* WHERE 1 INTO $upstream", /a condition takes a truth, is given a number/],
    ["FROM /* WHERE 'a' INTO $upstream", /a condition takes a truth, is given a text/],
    ["FROM /* WHERE temp INTO $upstream", /a condition takes a truth, is given a text/],
    ["FROM /* WHERE temp + 1 = 2 INTO $upstream", /\+ takes a number, is given a text/],
    ["FROM /* WHERE a || 1 = 'a1' INTO $upstream", /\|\| takes a text, is given a number/],
    ["FROM /* WHERE -temp = 1 INTO $upstream", /- takes a number, is given a text/],
    ["FROM /* WHERE NOT 'a' INTO $upstream", /NOT takes a truth/],
    ["FROM /* WHERE a = 'x' AND b INTO $upstream", /AND takes a truth, is given a text/],
    ["FROM /* WHERE a = 'x' AND $body.b INTO $upstream", /AND takes no bare \$body/],
    ["FROM /* WHERE abs('a') = 1 INTO $upstream", /abs takes a number, is given a text/],
    ["FROM /* WHERE length(1) = 1 INTO $upstream", /length takes a text, is given a number/],
    ["FROM /* WHERE (a ?? 1) = 'a' INTO $upstream", /\?\? compares a text with a number/],
    ["FROM /messages/* WHERE power(1) = 1 INTO $upstream", /takes 2/],
    ["FROM /messages/modules/from/outputs/o INTO $upstream", /'from'/],
    ["FROM /messages/modules/12/outputs/o INTO $upstream", /'12'/],
    ['FROM /* INTO BrokeredEndpoint("/modules/b")', /no path/],
    ["FROM /* INTO BrokeredEndpoint(b)", /quoted path/],
    ["FROM /* INTO $upstream and more", /behind the sink/],
  ] as const) {
    test(`'${route}' is refused`, () => {
      const read = readRoutes({ good: "FROM /* INTO $upstream", bad: route });
      assert.ok(!read.ok);
      assert.equal(read.problems.length, 1);
      assert.match(read.problems[0]?.message ?? "", reason);
      assert.match(read.problems[0]?.message ?? "", /route 'bad'/);
    });
  }

  test("a priority outside 0 to 9 is refused", () => {
    const read = readRoutes({ r: { route: "FROM /* INTO $upstream", priority: 10 } });
    assert.ok(!read.ok);
    assert.match(read.problems[0]?.message ?? "", /priority is 10/);
  });
});
