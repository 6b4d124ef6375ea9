import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { renderTable } from "../../../bench/report/table.ts";

suite("a table", () => {
  test("lines its columns up, numbers to the right, and escapes what would split a cell", () => {
    const table = renderTable<readonly [string, number]>(
      [
        { title: "case", of: ([name]) => name },
        { title: "us", align: "right", of: ([, us]) => String(us) },
      ],
      [
        ["mul|json", 36],
        ["mnist", 12_000],
      ],
    );
    assert.equal(
      table,
      [
        String.raw`| case      |    us |`,
        String.raw`| --------- | ----: |`,
        String.raw`| mul\|json |    36 |`,
        String.raw`| mnist     | 12000 |`,
        "",
      ].join("\n"),
    );
  });
});
