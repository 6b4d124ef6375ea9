import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { userError } from "../../../../src/core/problem.ts";
import type { DesiredDocument } from "../../../../src/runtime/edge/hub/desired-document.ts";
import { createDesiredState } from "../../../../src/runtime/edge/twin/desired-state.ts";
import type { PatchReport } from "../../../../src/runtime/edge/twin/desired-state.ts";
import { keptLog } from "../../../support/quiet.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

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
  const verdict = (report: PatchReport | undefined): PatchReport => {
    assert.ok(report !== undefined, "it is judged");
    return report;
  };
  const replace = (document: DesiredDocument) => verdict(state.replace(document));
  const patch = (given: DesiredDocument) => verdict(state.patch(given));
  return { state, calls, last, replace, patch };
}

/** Connected to a hub whose section is empty. */
function connected(folder?: string) {
  const given = setUp(folder);
  given.replace({ $version: 1 });
  given.calls.length = 0;
  return given;
}

suite("desired state", () => {
  test("patches add up, and null gives back what the spec says", () => {
    const { patch, last } = connected();
    assert.ok(patch({ traffic: { blue: 50, green: 50 }, $version: 2 }).ok);
    assert.ok(patch({ logLevel: "debug", $version: 3 }).ok);
    assert.deepEqual([last("traffic"), last("log")], [{ blue: 50, green: 50 }, "debug"]);
    assert.ok(patch({ traffic: null, $version: 4 }).ok);
    assert.deepEqual([last("traffic"), last("log")], [{ blue: 90, green: 10 }, "debug"]);
  });

  test("a refused patch changes nothing, and is refused again until it is taken back", () => {
    const { patch, calls, last } = connected();
    const report = patch({ traffic: { blue: 70, green: 70 }, logLevel: "debug", $version: 2 });
    assert.deepEqual([report.ok, report.version, calls], [false, 2, []]);
    assert.match(report.problems["p1"] ?? "", /TWIN_WRONG_VALUE: traffic adds up to 140/);
    assert.equal(patch({ logLevel: "warn", $version: 3 }).ok, false);
    assert.ok(patch({ traffic: null, $version: 4 }).ok);
    assert.deepEqual([last("traffic"), last("log")], [{ blue: 90, green: 10 }, "warn"]);
  });

  for (const key of ["nonsense", "__proto__"]) {
    test(`with ${key} in the section it is refused as patches and as a whole`, () => {
      const { patch, last } = connected();
      const of = (json: string) => JSON.parse(json) as DesiredDocument;
      assert.equal(patch(of(`{"${key}": 1, "$version": 2}`)).ok, false);
      const traffic = '"traffic": {"blue": 50, "green": 50}';
      const pieces = patch(of(`{${traffic}, "$version": 3}`));
      const whole = setUp().replace(of(`{"${key}": 1, ${traffic}, "$version": 3}`));
      assert.deepEqual(pieces, whole);
      assert.match(whole.problems["p1"] ?? "", new RegExp(`${key} .*Set it to null`));
      assert.ok(patch(of(`{"${key}": null, "$version": 4}`)).ok);
      assert.deepEqual(last("traffic"), { blue: 50, green: 50 });
    });
  }

  test("a patch before the section is known waits for it, an older one is in it already", () => {
    const { state, replace, patch, last } = setUp();
    replace({ $version: 1 });
    state.expectWhole();
    assert.equal(state.patch({ traffic: { blue: 1, green: 99 }, $version: 3 }), undefined);
    assert.equal(state.patch({ logLevel: "debug", $version: 5 }), undefined);
    // Version 2 was made while nobody listened.
    const report = replace({
      traffic: { blue: 40, green: 60 },
      outbox: { maxBytes: 70_000 },
      $version: 4,
    });
    assert.deepEqual([report.ok, report.version], [true, 5]);
    assert.deepEqual([last("traffic"), last("log")], [{ blue: 40, green: 60 }, "debug"]);
    assert.deepEqual(last("outbox"), { maxBytes: 70_000 });
    assert.ok(patch({ traffic: null, $version: 6 }).ok);
    assert.deepEqual(last("outbox"), { maxBytes: 70_000 });
  });

  test("keys that the guard refuses refuse the whole patch", () => {
    const { patch, calls } = connected();
    const report = patch({ keys: ["bad"], traffic: { blue: 100 }, $version: 2 });
    assert.deepEqual([report.ok, calls], [false, []]);
  });

  test("a switched-off deployment gets no traffic", () => {
    const { patch, calls, last } = connected();
    assert.ok(patch({ deployments: { green: { enabled: false } }, $version: 2 }).ok);
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
    assert.ok(connected(folder).patch({ traffic: { blue: 30, green: 70 }, $version: 2 }).ok);
    const { state, last } = setUp(folder);
    state.restore();
    assert.deepEqual(last("traffic"), { blue: 30, green: 70 });
  });

  test("the problems of a report fit into a twin", () => {
    const { patch } = connected();
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`.repeat(50), n]));
    const { problems } = patch({ ...many, $version: 2 });
    assert.equal(Object.keys(problems).length, 5);
    assert.ok(Object.values(problems).every((text) => text.length <= 400));
  });
});
