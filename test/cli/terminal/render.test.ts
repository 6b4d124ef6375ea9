import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { renderBytes, renderCounts, renderProblem } from "../../../src/cli/terminal/render.ts";
import type { Problem } from "../../../src/core/problem.ts";

const problem: Problem = {
  code: "SPEC_TRAFFIC_SUM",
  severity: "error",
  message: "traffic adds up to 90, must be 100",
  at: { file: "endpoint.yml", line: 2, col: 3, path: "traffic" },
  hint: "Raise blue to 100.",
};

suite("render", () => {
  test("a problem shows its place, its line with a caret, and its hint", () => {
    const text = renderProblem(problem, { color: false, lineOf: () => "  traffic: {blue: 90}" });
    assert.equal(
      text,
      [
        "endpoint.yml:2:3  error SPEC_TRAFFIC_SUM  traffic adds up to 90, must be 100",
        "  2 |   traffic: {blue: 90}",
        "    |   ^",
        "  hint: Raise blue to 100.",
      ].join("\n"),
    );
  });

  test("control characters are written out, lines stay", () => {
    const text = renderProblem(
      { code: "MODEL_EXTERNAL", severity: "error", message: "'\u001B[2Ja'\nb", hint: "\u0007" },
      { color: false, lineOf: () => undefined },
    );
    assert.equal(text, "error MODEL_EXTERNAL  '\\u001b[2Ja'\nb\n  hint: \\u0007");
  });

  test("a long line is cut around the caret", () => {
    const at = { file: "endpoint.yml", line: 1, col: 5000, path: "" };
    const lineOf = (): string => `${"x".repeat(4999)}HERE${"x".repeat(5000)}`;
    const [, source = "", caret = ""] = renderProblem(
      { ...problem, at },
      { color: false, lineOf },
    ).split("\n");
    assert.ok(source.length < 120);
    assert.equal(source.slice(caret.indexOf("^")).slice(0, 4), "HERE");
  });

  test("counts leave notes out and know their plural", () => {
    const note: Problem = { ...problem, severity: "note" };
    assert.equal(
      renderCounts([problem, problem, { ...problem, severity: "warning" }, note]),
      "2 errors, 1 warning",
    );
    assert.equal(renderCounts([note]), "");
  });

  test("sizes are in the unit that people read", () => {
    assert.deepEqual([0, 999, 1000, 15_944_316, 2e9].map(renderBytes), [
      "0 B",
      "999 B",
      "1.00 kB",
      "15.9 MB",
      "2.00 GB",
    ]);
  });
});
