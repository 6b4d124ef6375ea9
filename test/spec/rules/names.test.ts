import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { isLegalName, proposeName } from "../../../src/spec/rules/names.ts";

suite("names", () => {
  for (const name of ["abc", "myEndpoint", "a-b", "a--b", "A1b", `a${"b".repeat(31)}`]) {
    test(`${name} is legal`, () => assert.equal(isLegalName(name), true));
  }
  for (const name of [
    "ab",
    "a_b",
    "1abc",
    "-abc",
    "abc-",
    "a b",
    "",
    `a${"b".repeat(32)}`,
    "äbc",
  ]) {
    test(`${JSON.stringify(name)} is not legal`, () => assert.equal(isLegalName(name), false));
  }

  test("whatever is written, the name that is proposed is legal", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), (name) => {
        assert.ok(isLegalName(proposeName(name, "endpoint")), proposeName(name, "endpoint"));
      }),
    );
  });

  test("a proposal keeps what is legal", () => {
    assert.equal(proposeName("my_endpoint", "endpoint"), "my-endpoint");
    assert.equal(proposeName("1st_pump_", "endpoint"), "st-pump");
  });
});
