import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ResolvedModule } from "../../../src/spec/resolved.ts";
import { checkNames } from "../../../src/packager/manifest/names.ts";
import { moduleOf } from "../support/endpoints.ts";

suite("checkNames", () => {
  test("ordinary names are fine", () => {
    const routes = { "a-b_c": "FROM /* INTO $upstream" };
    assert.deepEqual(checkNames(moduleOf({ env: { LOG_LEVEL: "1" }, routes })), []);
  });

  for (const [what, over, named] of [
    ["a module with a full stop", { name: "a.b" }, /"a\.b" in edge\.module/u],
    ["a variable with a full stop", { env: { "a.b": "1" } }, /"a\.b" in edge\.env/u],
    [
      "a route with a space",
      { routes: { "a b": "FROM /* INTO $upstream" } },
      /"a b" in edge\.routes/u,
    ],
  ] as const satisfies readonly (readonly [string, Partial<ResolvedModule>, RegExp])[]) {
    test(`${what} is refused where it is set`, () => {
      const [problem] = checkNames(moduleOf(over));
      assert.equal(problem?.code, "MANIFEST_NAME");
      assert.match(problem.message, named);
    });
  }
});
