import assert from "node:assert/strict";
import { mock, suite, test } from "node:test";

import { Cancellation } from "../../../src/core/cancellation.ts";
import type { Backend, ScoringRequest, ScoringResponse } from "../../../src/core/scoring.ts";
import { createAdmission } from "../../../src/runtime/routing/admission.ts";
import type { Admission, RequestSettings } from "../../../src/runtime/routing/admission.ts";

type Run = { readonly request: ScoringRequest; readonly finish: () => void };

const answer = (text: string): ScoringResponse => ({
  status: 200,
  headers: {},
  body: Buffer.from(text),
});

/** A backend whose runs end when the test says so. */
function heldBackend(): Backend & { readonly runs: Run[]; isReady: boolean } {
  const runs: Run[] = [];
  return {
    runs,
    isReady: true,
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ready() {
      return this.isReady;
    },
    score: (asked) =>
      new Promise((resolve) => {
        runs.push({ request: asked, finish: () => resolve(answer("done")) });
      }),
  };
}

function request(): ScoringRequest {
  return {
    protocol: { kind: "score" },
    method: "POST",
    query: "",
    headers: {},
    body: new Uint8Array(0),
    requestId: "id",
    cancellation: new Cancellation(),
  };
}

const SETTINGS: RequestSettings = { slots: 2, requestTimeoutMs: 1000, maxQueueWaitMs: 300 };

function setUp(settings = SETTINGS) {
  // Timers and the clock move together, by hand.
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  const backend = heldBackend();
  const waits: number[] = [];
  const admission = createAdmission({
    backend,
    settings,
    clock: { now: () => now, monotonic: () => now },
    refuse: (reason) => answer(reason),
    finish: (given) => given,
    onGranted: (ms) => waits.push(ms),
  });
  const pass = async (ms: number): Promise<void> => {
    now += ms;
    mock.timers.tick(ms);
    await settle();
  };
  return { admission, backend, waits, pass };
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** Starts a request and notes how it ends. */
function ask(
  admission: Admission,
  asked = request(),
): { readonly asked: ScoringRequest; outcome: string } {
  const state = { asked, outcome: "open" };
  void admission.score(asked).then(({ body }) => {
    state.outcome = Buffer.from(body as Uint8Array).toString();
  });
  return state;
}

suite("admission", () => {
  test("as many as there are slots run, as many again wait, the next is refused at once", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, backend } = setUp();
    const asked = Array.from({ length: 5 }, () => ask(admission));
    await settle();
    assert.equal(backend.runs.length, 2);
    assert.deepEqual([admission.running(), admission.waiting()], [2, 2]);
    assert.deepEqual(
      asked.map(({ outcome }) => outcome),
      ["open", "open", "open", "open", "overload"],
    );
  });

  test("those that wait get their turn in order", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, backend, waits, pass } = setUp();
    const asked = Array.from({ length: 4 }, () => ask(admission));
    await settle();
    await pass(100);
    backend.runs[0]?.finish();
    await settle();
    assert.equal(backend.runs[2]?.request, asked[2]?.asked);
    assert.deepEqual(waits, [0, 0, 100]);
  });

  test("a wait over the limit is an overload, and leaves the queue", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, pass } = setUp();
    const asked = Array.from({ length: 3 }, () => ask(admission));
    await pass(299);
    assert.equal(asked[2]?.outcome, "open");
    await pass(1);
    assert.equal(asked[2]?.outcome, "overload");
    assert.equal(admission.waiting(), 0);
  });

  test("the request's own time limit ends the wait where it is smaller", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, pass } = setUp({ ...SETTINGS, requestTimeoutMs: 200 });
    const asked = Array.from({ length: 3 }, () => ask(admission));
    await pass(200);
    assert.deepEqual(
      asked.map(({ outcome }) => outcome),
      ["timeout", "timeout", "overload"],
    );
  });

  test("a run over its time is answered, cancelled, and keeps its slot until it ends", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, backend, pass } = setUp({ ...SETTINGS, slots: 1 });
    const late = ask(admission);
    await pass(1000);
    assert.equal(late.outcome, "timeout");
    assert.ok(late.asked.cancellation.cancelled);
    const next = ask(admission);
    await settle();
    assert.equal(backend.runs.length, 1);
    backend.runs[0]?.finish();
    await settle();
    assert.equal(backend.runs.length, 2);
    backend.runs[1]?.finish();
    await settle();
    assert.equal(next.outcome, "done");
  });

  test("time spent waiting counts against the request's time", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, backend, pass } = setUp({ ...SETTINGS, slots: 1 });
    ask(admission);
    const second = ask(admission);
    await pass(250);
    backend.runs[0]?.finish();
    await settle();
    await pass(749);
    assert.equal(second.outcome, "open");
    await pass(1);
    assert.equal(second.outcome, "timeout");
  });

  test("a caller that went away while it waited does not take a slot", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, backend } = setUp({ ...SETTINGS, slots: 1 });
    ask(admission);
    const gone = ask(admission);
    gone.asked.cancellation.cancel("gone");
    await settle();
    backend.runs[0]?.finish();
    await settle();
    assert.equal(backend.runs.length, 1);
    assert.equal(admission.running(), 0);
  });

  test("new settings grant those who wait", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, backend } = setUp({ ...SETTINGS, slots: 1 });
    ask(admission);
    ask(admission);
    await settle();
    assert.equal(backend.runs.length, 1);
    admission.setSettings(SETTINGS);
    await settle();
    assert.equal(backend.runs.length, 2);
  });

  test("a backend that is not ready is said so", async (t) => {
    t.after(() => mock.timers.reset());
    const { admission, backend } = setUp();
    backend.isReady = false;
    const asked = ask(admission);
    await settle();
    assert.equal(asked.outcome, "not-ready");
  });
});
