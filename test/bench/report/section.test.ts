import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { sectionOf, withSection } from "../../../bench/report/section.ts";

const PAGE = "# Performance\n\nIntro.\n\n## Scoring\n\n| a |\n\n## Beside scoring\n\n| b |\n";

suite("a section of the page", () => {
  test("goes to the end, is replaced where it is, and all else stays", () => {
    const first = withSection(PAGE, "Batch jobs", "| c |\n");
    assert.equal(first, `${PAGE}\n## Batch jobs\n\n| c |\n`);
    assert.equal(withSection(first, "Batch jobs", "| d |\n"), `${PAGE}\n## Batch jobs\n\n| d |\n`);
    const between = withSection(first, "Scoring", "| e |");
    assert.equal(between, first.replace("| a |", "| e |"));
  });

  test("is found whole, with its heading; a title that only begins like it is another", () => {
    assert.equal(sectionOf(PAGE, "Scoring"), "## Scoring\n\n| a |\n\n");
    assert.equal(sectionOf(PAGE, "Beside scoring"), "## Beside scoring\n\n| b |\n");
    assert.equal(sectionOf(PAGE, "Beside"), "");
    assert.equal(sectionOf("", "Scoring"), "");
  });
});
