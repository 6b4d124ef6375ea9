import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { userError } from "../../../src/core/problem.ts";
import { createDesiredState } from "../../../src/runtime/edge/desired-state.ts";
import { keptLog } from "../../support/quiet.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function setUp(folder?: string) {
  const calls: unknown[][] = [];
  const called =
    (name: string) =>
    (...values: unknown[]): void =>
      void calls.push([name, ...values]);
  const state = createDesiredState({
    deployments: ["blue", "green"],
    traffic: { blue: 90, green: 10 },
    controls: {
      setTraffic: called("traffic"),
      setMirror: called("mirror"),
      setRequestSettings: called("settings"),
      setEnabled: called("enabled"),
      setLogLevel: called("log"),
      setOutboxLimits: called("outbox"),
      setKeys: (keys) => {
        if (keys?.includes("bad") === true) throw userError("RUNTIME_SETTING", "a key is bad");
        called("keys")(keys);
      },
    },
    ...(folder !== undefined && { folder }),
    log: keptLog(),
  });
  const last = (name: string): unknown => calls.findLast(([called_]) => called_ === name)?.[1];
  return { state, calls, last };
}

suite("desired state", () => {
  test("patches add up, and null gives back what the spec says", () => {
    const { state, last } = setUp();
    assert.ok(state.patch({ traffic: { blue: 50, green: 50 }, $version: 2 }).ok);
    assert.ok(state.patch({ logLevel: "debug", $version: 3 }).ok);
    assert.deepEqual([last("traffic"), last("log")], [{ blue: 50, green: 50 }, "debug"]);
    assert.ok(state.patch({ traffic: null, $version: 4 }).ok);
    assert.deepEqual([last("traffic"), last("log")], [{ blue: 90, green: 10 }, "debug"]);
  });

  test("a refused patch changes nothing and is forgotten", () => {
    const { state, calls, last } = setUp();
    const report = state.patch({
      traffic: { blue: 70, green: 70 },
      logLevel: "debug",
      $version: 2,
    });
    assert.deepEqual([report.ok, report.version, calls], [false, 2, []]);
    assert.match(report.problems["p1"] ?? "", /TWIN_WRONG_VALUE: traffic adds up to 140/);
    assert.ok(state.patch({ logLevel: "warn", $version: 3 }).ok);
    assert.deepEqual(last("traffic"), { blue: 90, green: 10 });
  });

  test("keys that the guard refuses refuse the whole patch", () => {
    const { state, calls } = setUp();
    const report = state.patch({ keys: ["bad"], traffic: { blue: 100 }, $version: 2 });
    assert.deepEqual([report.ok, calls], [false, []]);
  });

  test("a switched-off deployment gets no traffic", () => {
    const { state, calls, last } = setUp();
    assert.ok(state.patch({ deployments: { green: { enabled: false } }, $version: 2 }).ok);
    assert.deepEqual(last("traffic"), { blue: 90 });
    assert.deepEqual(
      calls.filter(([name]) => name === "enabled"),
      [
        ["enabled", "blue", true],
        ["enabled", "green", false],
      ],
    );
  });

  test("the whole document is applied once for each version", () => {
    const { state } = setUp();
    assert.ok(state.replace({ traffic: { blue: 100 }, $version: 7 })?.ok);
    assert.equal(state.replace({ traffic: { blue: 100 }, $version: 7 }), undefined);
  });

  test("what was accepted is in force after a start without a hub", (context) => {
    const folder = tempFolder(context);
    assert.ok(setUp(folder).state.patch({ traffic: { blue: 30, green: 70 }, $version: 2 }).ok);
    const { state, last } = setUp(folder);
    state.restore();
    assert.deepEqual(last("traffic"), { blue: 30, green: 70 });
  });

  test("the problems of a report fit into a twin", () => {
    const { state } = setUp();
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`.repeat(50), n]));
    const { problems } = state.patch({ ...many, $version: 2 });
    assert.equal(Object.keys(problems).length, 5);
    assert.ok(Object.values(problems).every((text) => text.length <= 400));
  });
});
