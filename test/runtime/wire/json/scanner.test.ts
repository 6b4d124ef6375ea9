import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { NumberList } from "../../../../src/runtime/wire/json/number-list.ts";
import { isObject, parseJson } from "../../../../src/runtime/wire/json/scanner.ts";

function listsOf(text: string): Record<string, number[]> {
  const value = parseJson(Buffer.from(text), true);
  assert.ok(isObject(value));
  const lists = Object.entries(value).map(([key, list]) => {
    assert.ok(list instanceof NumberList, key);
    return [key, Array.from(list.data)] as const;
  });
  return Object.fromEntries(lists);
}

const numbers = (count: number, from: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

suite("lists of numbers in one body", () => {
  for (const lengths of [
    [3, 2, 1],
    // Each beyond the room there was for all before it.
    [700, 700, 5000],
    [1024, 1, 1024],
    [2_000_000, 3, 4],
  ]) {
    test(`of ${lengths.join(", ")} numbers`, () => {
      const lists = Object.fromEntries(
        lengths.map((length, index) => [`list${index}`, numbers(length, index * 10_000_000)]),
      );
      assert.deepEqual(listsOf(JSON.stringify(lists)), lists);
      // The next body is read into the same place, and is itself.
      assert.deepEqual(listsOf('{"a":[7,8],"b":[9]}'), { a: [7, 8], b: [9] });
    });
  }

  test("a list that turns out to be none leaves those before it alone", () => {
    const text = '{"a":[1,2,3],"b":[4,5,"six"],"c":[7,8]}';
    const value = parseJson(Buffer.from(text), true);
    assert.ok(isObject(value));
    const { a, b, c } = value;
    assert.ok(a instanceof NumberList && c instanceof NumberList);
    assert.deepEqual([...a.data], [1, 2, 3]);
    assert.deepEqual([...c.data], [7, 8]);
    assert.ok(Array.isArray(b));
    assert.deepEqual(b.at(-1), "six");
  });
});
