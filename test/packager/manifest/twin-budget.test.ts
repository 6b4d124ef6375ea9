import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkTwin, twinBytes } from "../../../src/packager/manifest/twin-budget.ts";

suite("twinBytes", () => {
  test("keys and text count in UTF-8, numbers 8, booleans 4, structure nothing", () => {
    assert.equal(
      twinBytes({ a: "µ", n: 1, b: true, l: ["x", 2], o: { k: null } }),
      3 + 9 + 5 + 10 + 2,
    );
  });
});

suite("checkTwin", () => {
  test("32 KiB fit, one byte more does not", () => {
    const texts = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`k${i}`, "x".repeat(4094)] as const),
    );
    assert.deepEqual(checkTwin("$edgeAgent", texts), []);
    const [problem] = checkTwin("$edgeAgent", { ...texts, k: "" });
    assert.equal(problem?.code, "MANIFEST_TWIN_SIZE");
    assert.match(problem.message, /\$edgeAgent take 32769 bytes; a twin holds 32768/u);
  });

  test("one text of more than 4096 bytes is named by its path", () => {
    const [problem] = checkTwin("m", { env: { CERT: { value: "x".repeat(4097) } } });
    assert.match(problem?.message ?? "", /^m\.env\.CERT\.value has 4097 bytes/u);
  });
});
