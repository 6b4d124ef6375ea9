import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { UserError } from "../../../src/core/problem.ts";
import { createOptionsPieces } from "../../../src/packager/manifest/twin-pieces.ts";
import { joinCreateOptions } from "../support/create-options.ts";

suite("createOptionsPieces", () => {
  test("whatever the options are, edgeAgent reads them back", () => {
    const options = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(options, (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Record<string, never>;
        if (JSON.stringify(json).length > 600) return;
        const pieces = createOptionsPieces(json);
        assert.deepEqual(joinCreateOptions(pieces), json);
        for (const text of Object.values(pieces)) {
          assert.ok(text.length <= 512);
          assert.match(text, /^[\x20-\x7e]*$/u);
        }
      }),
    );
  });

  test("eight pieces are the most, and their names are in order", () => {
    const full = createOptionsPieces({ a: "x".repeat(8 * 512 - 8) });
    assert.deepEqual(Object.keys(full), [
      "createOptions",
      ...[1, 2, 3, 4, 5, 6, 7].map((number) => `createOptions0${number}`),
    ]);
    assert.throws(
      () => createOptionsPieces({ a: "x".repeat(8 * 512 - 7) }),
      (error) =>
        error instanceof UserError &&
        error.problems[0]?.code === "MANIFEST_CREATE_OPTIONS" &&
        error.message.includes("4097"),
    );
  });

  test("no options are an empty object", () => {
    assert.deepEqual(createOptionsPieces({}), { createOptions: "{}" });
  });
});
