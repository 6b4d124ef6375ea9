import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { renderPlot } from "../../../bench/report/plot.ts";

function widths(svg: string): readonly number[] {
  return [...svg.matchAll(/<rect x="\d+" y="\d+" width="(\d+)"/g)].map(([, width]) =>
    Number(width),
  );
}

suite("the picture", () => {
  test("has a bar for each value, as long as the value, and a line at 1", () => {
    const svg = renderPlot([
      {
        title: "CPU",
        bars: [
          { label: "a", value: 0.5 },
          { label: "b", value: 2 },
        ],
      },
    ]);
    const [half = 0, double = 0] = widths(svg);
    assert.ok(Math.abs(double - 4 * half) <= 2, `${half} and ${double}`);
    const line = Number(/<line x1="(\d+)"/.exec(svg)?.[1]);
    assert.ok(Math.abs(line - (250 + 2 * half)) <= 1, `the line is at ${line}`);
    assert.match(svg, />0\.50</);
  });

  test("escapes what people may call a server", () => {
    const svg = renderPlot([{ title: "x", bars: [{ label: '<a & "b">', value: 1 }] }]);
    assert.ok(svg.includes("&lt;a &amp; &quot;b&quot;&gt;"));
  });
});
