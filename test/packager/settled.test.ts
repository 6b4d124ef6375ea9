import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { UserError, userError } from "../../src/core/problem.ts";
import { settled } from "../../src/packager/settled.ts";

const fault = (message: string) => userError("BUILD_DOWNLOAD", message);

suite("settled", () => {
  test("gives all results in their order", async () => {
    assert.deepEqual(await settled([Promise.resolve(1), Promise.resolve(2)]), [1, 2]);
  });

  test("ends only when every task has ended", async () => {
    let ended = false;
    const slow = new Promise<void>((resolve) => {
      setImmediate(() => {
        ended = true;
        resolve();
      });
    });
    await assert.rejects(settled([Promise.reject(fault("a")), slow]));
    assert.ok(ended);
  });

  test("collects every different problem once", async () => {
    const tasks = ["a", "b", "a"].map((message) => Promise.reject(fault(message)));
    await assert.rejects(
      settled(tasks),
      (error) => error instanceof UserError && error.problems.length === 2,
    );
  });

  test("shows a defect rather than a problem", async () => {
    await assert.rejects(
      settled([Promise.reject(fault("a")), Promise.reject(new TypeError())]),
      TypeError,
    );
  });
});
