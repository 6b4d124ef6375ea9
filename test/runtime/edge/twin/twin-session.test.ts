import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { PatchReport } from "../../../../src/runtime/edge/twin/desired-state.ts";
import { TwinSession } from "../../../../src/runtime/edge/twin/twin-session.ts";
import { keptLog } from "../../../support/quiet.ts";

function setUp() {
  const log = keptLog();
  const session = new TwinSession({
    desired: {
      restore: () => undefined,
      expectWhole: () => undefined,
      replace: () => undefined,
      patch: ({ $version }): PatchReport => ({ version: Number($version), ok: true, problems: {} }),
    },
    identity: { endpoint: "e" },
    state: () => ({ state: "ready" }),
    log,
  });
  const reports: Record<string, unknown>[] = [];
  const client = (taken: boolean, readable = true) => ({
    desired: () => (readable ? Promise.resolve({}) : Promise.reject(new Error("500"))),
    report: (patch: object) => {
      reports.push(patch as Record<string, unknown>);
      return taken ? Promise.resolve() : Promise.reject(new Error("gone"));
    },
  });
  const versions = () =>
    reports.map(({ lastPatch }) => (lastPatch as { version?: number } | undefined)?.version);
  return { session, client, reports, versions, log };
}

const settled = (): Promise<void> => new Promise(setImmediate);

suite("the twin over its connections", () => {
  test("a verdict that comes before the connection has begun is told when it has", async () => {
    const { session, client, versions } = setUp();
    session.patched({ $version: 14 });
    await session.begin(client(true));
    session.end();
    assert.deepEqual(versions(), [14]);
  });

  test("a verdict whose report is lost is told again on the next connection, and then no more", async () => {
    const { session, client, versions } = setUp();
    await session.begin(client(false));
    session.patched({ $version: 3 });
    await settled();
    session.end();
    await session.begin(client(true));
    session.end();
    await session.begin(client(true));
    session.end();
    assert.deepEqual(versions(), [undefined, 3, 3, undefined]);
  });

  test("a hub that refuses the twin keeps nothing waiting, and is asked again", async (context) => {
    context.mock.timers.enable({ apis: ["setInterval"] });
    const { session, client, reports, log } = setUp();
    let asked = 0;
    const refusing = client(true, false);
    const counted = {
      ...refusing,
      desired: () => {
        asked += 1;
        return refusing.desired();
      },
    };
    await session.begin(counted);
    assert.deepEqual(reports, [{ endpoint: "e", state: "ready" }]);
    assert.match(log.lines.join("\n"), /the desired properties cannot be read: 500/);
    context.mock.timers.tick(60_000);
    await settled();
    assert.equal(asked, 2);
    session.end();
  });
});
