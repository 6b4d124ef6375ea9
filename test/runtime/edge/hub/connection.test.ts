import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import type { EdgeClient } from "../../../../src/runtime/edge/hub/client.ts";
import { Connection } from "../../../../src/runtime/edge/hub/connection.ts";
import { keptLog, movedClock } from "../../../support/quiet.ts";

type Attempt = { readonly end: (reason: string) => void; closed: boolean };

function setUp(context: TestContext, reachable: () => boolean) {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const [log, clock] = [keptLog(), movedClock()];
  const attempts: Attempt[] = [];
  const begun: EdgeClient[] = [];
  let tries = 0;
  const open = (): Promise<EdgeClient> => {
    tries += 1;
    if (!reachable()) return Promise.reject(new Error("ECONNREFUSED"));
    let end: (reason: string) => void = () => undefined;
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    const attempt: Attempt = { end, closed: false };
    attempts.push(attempt);
    return Promise.resolve({
      send: () => Promise.resolve(),
      desired: () => Promise.resolve({}),
      report: () => Promise.resolve(),
      listen: () => undefined,
      ended,
      close: () => {
        attempt.closed = true;
        end("closed");
        return Promise.resolve();
      },
    });
  };
  const connection = new Connection({
    open,
    begin: (client) => {
      begun.push(client);
      return Promise.resolve();
    },
    end: () => undefined,
    random: () => 0.5,
    clock,
    log,
  });
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  /** Lets time pass, in steps that let promises run in between. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      context.mock.timers.tick(50);
      await settled();
    }
  };
  context.after(() => connection.stop());
  return { connection, attempts, begun, log, clock, settled, pass, tries: () => tries };
}

suite("the connection", () => {
  test("without a hub it is tried for ever, with longer pauses and one line in the log", async (context) => {
    const { tries, pass, log } = setUp(context, () => false);
    await pass(1_000);
    const first = tries();
    await pass(60_000);
    assert.ok(first >= 2 && first <= 4, `${first} tries in the first second`);
    assert.ok(tries() >= 25 && tries() <= 40, `${tries()} tries in a minute`);
    assert.equal(log.lines.length, 1);
  });

  test("when the hub comes, it connects", async (context) => {
    let there = false;
    const { connection, pass } = setUp(context, () => there);
    await pass(5_000);
    assert.equal(connection.connected, false);
    there = true;
    await pass(2_100);
    assert.equal(connection.connected, true);
  });

  test("each connection has a new client, and the old one is closed", async (context) => {
    const { attempts, begun, clock, pass, settled } = setUp(context, () => true);
    await settled();
    clock.move(60_000);
    attempts[0]?.end("gone");
    await pass(300);
    assert.equal(begun.length, 2);
    assert.notEqual(begun[0], begun[1]);
    assert.deepEqual(
      attempts.map(({ closed }) => closed),
      [true, false],
    );
  });

  test("it stops while it waits, and while it is connected", async (context) => {
    const waiting = setUp(context, () => false);
    await waiting.settled();
    await waiting.connection.stop();
    context.mock.timers.reset();
    const connected = setUp(context, () => true);
    await connected.settled();
    await connected.connection.stop();
    assert.equal(connected.attempts[0]?.closed, true);
  });
});
