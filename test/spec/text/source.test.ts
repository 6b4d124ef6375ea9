import assert from "node:assert/strict";
import { suite, test } from "node:test";

import * as fc from "fast-check";

import { parseSpecText } from "../../../src/spec/text/source.ts";
import { toData } from "../../../src/spec/text/tree.ts";
import type { Node } from "../../../src/spec/text/tree.ts";

function parsed(text: string): readonly Node[] {
  const read = parseSpecText(text, "spec.yml");
  assert.ok(read.ok, JSON.stringify(read.problems));
  return read.value;
}

function dataOf(text: string): unknown {
  const [node] = parsed(text);
  assert.ok(node);
  return JSON.parse(JSON.stringify(toData(node)));
}

function faultOf(text: string): string {
  const read = parseSpecText(text, "spec.yml");
  assert.equal(read.problems.length, 1);
  const [problem] = read.problems;
  return `${problem?.at?.line}:${problem?.at?.col} ${problem?.code}`;
}

suite("parseSpecText", () => {
  test("a tree knows where its keys and values start, and their paths", () => {
    const [root] = parsed("a:\n  b:  [x, {c: 1}]\n");
    assert.ok(root?.kind === "map");
    const a = root.entries[0];
    assert.deepEqual(a?.at, { file: "spec.yml", line: 1, col: 1, path: "a" });
    assert.ok(a.node.kind === "map");
    const b = a.node.entries[0];
    assert.deepEqual(b?.at, { file: "spec.yml", line: 2, col: 3, path: "a.b" });
    assert.ok(b.node.kind === "list");
    assert.deepEqual(b.node.items[1]?.at, { file: "spec.yml", line: 2, col: 11, path: "a.b.1" });
  });

  test("a number keeps its text, so that version 1.10 is not 1.1", () => {
    const [root] = parsed("version: 1.10\n");
    assert.ok(root?.kind === "map");
    const node = root.entries[0]?.node;
    assert.ok(node?.kind === "scalar");
    assert.deepEqual([node.value, node.text], [1.1, "1.10"]);
  });

  test("JSON is read, tabs between its tokens included", () => {
    assert.deepEqual(dataOf('{\n\t"a": [1,\n\t\t{"b": null}],\n\t"c": "x"\n}'), {
      a: [1, { b: null }],
      c: "x",
    });
  });

  test("several documents are read, empty ones left out", () => {
    assert.equal(parsed("---\na: 1\n---\n# nothing\n---\nb: 2\n").length, 2);
  });

  test("an alias stands for its anchor's value, a merge key for its entries unless they are overridden", () => {
    assert.deepEqual(dataOf("base: &base {x: 1, y: 2}\nthis: {<<: *base, y: 3}\nthat: *base\n"), {
      base: { x: 1, y: 2 },
      this: { y: 3, x: 1 },
      that: { x: 1, y: 2 },
    });
  });

  test("of several merged mappings the first wins", () => {
    const text = "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc:\n  <<: [*a, *b]\n";
    assert.deepEqual((dataOf(text) as { c: unknown }).c, { x: 1, y: 2 });
  });

  test("a byte order mark and Windows line ends do not move places", () => {
    assert.equal(faultOf("\ufeffa: 1\r\nb: 2\r\na: 3\r\n"), "3:1 SPEC_DUPLICATE_KEY");
  });

  test("keys that objects of JavaScript have of themselves are keys like any other", () => {
    const [root] = parsed("constructor: 1\ntoString: 2\n");
    assert.ok(root);
    assert.deepEqual(Object.entries(toData(root) as object), [
      ["constructor", 1],
      ["toString", 2],
    ]);
  });
});

suite("text that is refused", () => {
  const CASES: readonly (readonly [what: string, text: string, fault: string])[] = [
    ["nothing", "", "1:1 SPEC_EMPTY"],
    ["comments alone", "# a\n# b\n", "1:1 SPEC_EMPTY"],
    ["a tab as indentation", "a:\n\tb: 1\n", "2:1 SPEC_SYNTAX"],
    ["a tab behind spaces", "a:\n  b: 1\n  \tc: 2\n", "3:3 SPEC_SYNTAX"],
    ["a tab in a deeper line after a shallower one", "a:\n    b: 1\n  \tc: 2\n", "3:3 SPEC_SYNTAX"],
    ["two errors, of which the first is told", "a: b: c\nd: 'x\n", "1:4 SPEC_SYNTAX"],
    ["a key twice", "a: 1\nb: 2\na: 3\n", "3:1 SPEC_DUPLICATE_KEY"],
    ["a key twice in a flow mapping", "x: {a: 1, a: 2}\n", "1:11 SPEC_DUPLICATE_KEY"],
    ["a key that no object can hold", "a:\n  __proto__: 1\n", "2:3 SPEC_UNKNOWN_KEY"],
    ["an empty key", "a:\n  ~: 1\n", "2:3 SPEC_SYNTAX"],
    ["a list as a key", "? [a]\n: 1\n", "1:3 SPEC_SYNTAX"],
    ["an anchor inside itself", "a: &a [*a]\n", "1:8 SPEC_SYNTAX"],
    ["a merge of text", "a: {<<: b}\n", "1:9 SPEC_SYNTAX"],
    ["a tag", "a: !!python/object:os.system x\n", "1:4 SPEC_SYNTAX"],
  ];
  for (const [what, text, fault] of CASES) {
    test(what, () => assert.equal(faultOf(text), fault));
  }
});

suite("any text", () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      "a",
      "b",
      ": ",
      ":",
      "- ",
      "? ",
      "\n",
      "\n  ",
      "\n    ",
      "\t",
      "[",
      "]",
      "{",
      "}",
    ),
    fc.constantFrom(
      ", ",
      "'",
      '"',
      "&a ",
      "*a",
      "<<: ",
      "!t ",
      "|\n",
      ">-\n",
      "#",
      "---\n",
      "...\n",
    ),
    fc.constantFrom("%YAML 1.1\n", "~", "1", "1e400", "0x1F", "2020-01-01", "\\", "\u00e9", "\0"),
    fc.constantFrom("\ud800", "\r\n", "@", "\ufeff"),
  );

  test("is a tree or one error at a place inside it", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        const read = parseSpecText(text, "spec.yml");
        if (read.ok) {
          for (const node of read.value) assert.doesNotThrow(() => toData(node));
          return;
        }
        assert.equal(read.problems.length, 1);
        const [problem] = read.problems;
        assert.ok(problem?.hint);
        const lines = text.split("\n");
        const { line, col } = problem.at ?? { line: 0, col: 0 };
        assert.ok(line >= 1 && line <= lines.length);
        assert.ok(col >= 1 && col <= (lines[line - 1]?.length ?? 0) + 1);
      }),
      { numRuns: 2000 },
    );
  });
});

function keys(count: number): string {
  return Array.from({ length: count }, (_, index) => `key${index}: ${index}\n`).join("");
}

suite("text made to hurt", () => {
  const MEBIBYTE = 1 << 20;
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [to, from] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg", "ih"]) {
    bomb.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(", ")}]`);
  }
  const chain = ["a0: &a0 [x]"];
  for (let link = 1; link < 5000; link += 1) chain.push(`a${link}: &a${link} [*a${link - 1}]`);
  const merges = ["a0: &a0 {k0: 1}"];
  for (let link = 1; link < 2000; link += 1) {
    merges.push(`a${link}: &a${link} {<<: *a${link - 1}, k${link}: 1}`);
  }
  const CASES: readonly (readonly [what: string, text: string, code: string])[] = [
    ["nested aliases", bomb.join("\n"), "SPEC_ALIASES"],
    ["a chain of aliases", chain.join("\n"), "SPEC_ALIASES"],
    ["a chain of merges", merges.join("\n"), "SPEC_ALIASES"],
    ["open brackets", "[".repeat(MEBIBYTE), "SPEC_TOO_DEEP"],
    ["open braces", "{a: ".repeat(MEBIBYTE / 4), "SPEC_TOO_DEEP"],
    ["hyphens", "- ".repeat(MEBIBYTE / 2), "SPEC_TOO_DEEP"],
    ["question marks", "? ".repeat(MEBIBYTE / 2), "SPEC_TOO_DEEP"],
    ["tags", "! ".repeat(MEBIBYTE / 2), "SPEC_TOO_LARGE"],
    ["documents", "---\na: 1\n".repeat(MEBIBYTE / 9), "SPEC_TOO_LARGE"],
    ["50,000 keys", keys(50_000), "SPEC_TOO_LARGE"],
    ["10,000 keys", keys(10_000), "SPEC_TOO_LARGE"],
    ["10,000 items", `[${"a, ".repeat(10_000)}]`, "SPEC_TOO_LARGE"],
    ["10,000 keys and one of them again", `${keys(10_000)}key5: 1\n`, "SPEC_DUPLICATE_KEY"],
  ];
  for (const [what, text, code] of CASES) {
    test(`${what}: one error, and soon`, () => {
      const before = process.cpuUsage();
      const read = parseSpecText(text, "spec.yml");
      const { user } = process.cpuUsage(before);
      assert.deepEqual(
        read.problems.map((problem) => problem.code),
        [code],
      );
      // Ten times what it takes: a quadratic step would take a hundred times as long.
      assert.ok(user < 5_000_000, `${user} us of CPU`);
    });
  }
});
