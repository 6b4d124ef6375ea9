import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { Scoring } from "../../../bench/measures/scoring.ts";
import { renderPage, renderPicture } from "../../../bench/report/page.ts";

const ROW = { requestsPerSecond: 100, p50Ms: 1, p99Ms: 2, residentMiB: 80, failed: 0 };
const SCORINGS: readonly Scoring[] = [
  { ...ROW, case: "mul-json", connections: 8, server: "edgewright", cpuUs: 30, failed: 3 },
  { ...ROW, case: "mul-json", connections: 8, server: "bare", cpuUs: 40 },
  { ...ROW, case: "mul-json", connections: 32, server: "bare", cpuUs: 999 },
];
const RESULTS = { machine: "One core.", method: "Once.", floors: [], findings: [], leftOut: [] };

suite("the page", () => {
  test("holds every server against the bare one at the same connections", () => {
    const page = renderPage({ ...RESULTS, scorings: SCORINGS });
    assert.match(page, /\| mul-json +\| +8 \| edgewright +\| +30\.0 \| +0\.75 × \|/);
    assert.match(page, /\| mul-json +\| +8 \| bare +\| +40\.0 \| +\|/);
  });

  test("says what failed and what was left out", () => {
    const page = renderPage({ ...RESULTS, scorings: SCORINGS, leftOut: ["mnist-json: no model"] });
    assert.match(page, /\| +3 \|$/m);
    assert.match(page, /## Left out\n\n- mnist-json: no model/);
  });

  test("leaves out the sections that nothing was measured for", () => {
    assert.doesNotMatch(renderPage({ ...RESULTS, scorings: [] }), /##/);
  });

  test("is drawn without the bare server, which is the line", () => {
    const picture = renderPicture(SCORINGS);
    assert.ok(picture.includes("mul-json, 8 conn., edgewright"));
    assert.ok(!picture.includes("conn., bare"));
  });
});
