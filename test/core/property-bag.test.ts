import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { parsePropertyBag, renderPropertyBag } from "../../src/core/property-bag.ts";

const TEXT = fc.string({ minLength: 1 }).filter((text) => !text.startsWith("$."));

suite("property bag", () => {
  test("what is written is read again, whatever the names and values hold", () => {
    fc.assert(
      fc.property(fc.dictionary(TEXT, fc.string()), fc.dictionary(TEXT, fc.string()), (a, b) => {
        const bag = { system: a, properties: b };
        const read = parsePropertyBag(renderPropertyBag(bag));
        assert.deepEqual(Object.entries(read.system), Object.entries(a));
        assert.deepEqual(Object.entries(read.properties), Object.entries(b));
      }),
    );
  });

  for (const [name, text, expected] of [
    ["a malformed escape stands for itself", "a=%E0%A4%A&b=1", { a: "%E0%A4%A", b: "1" }],
    ["a key without a value is empty", "a&b=", { a: "", b: "" }],
    ["an equals sign belongs to the value", "a=b=c", { a: "b=c" }],
    ["an empty bag holds nothing", "", {}],
    ["a plus sign is no space", "a=1+2", { a: "1+2" }],
  ] as const) {
    test(name, () => assert.deepEqual(parsePropertyBag(text).properties, expected));
  }

  test("a property called __proto__ is a property", () => {
    const { properties } = parsePropertyBag("__proto__=x");
    assert.deepEqual(Object.entries(properties), [["__proto__", "x"]]);
  });
});
