import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";

import { EXIT } from "../src/cli/exit-codes.ts";
import { CODES } from "../src/core/codes.ts";
import { EXIT_CODES } from "../src/runtime/batch/report/verdict.ts";
import { REPOSITORY } from "./support/repository.ts";

function filesUnder(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

suite("docs", () => {
  test("every code is used somewhere in the source", () => {
    const text = filesUnder(join(REPOSITORY, "src"), ".ts")
      .filter((file) => !file.endsWith("core/codes.ts"))
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
    const unused = Object.keys(CODES).filter(
      (code) => !text.includes(`"${code}"`) && !text.includes(`${code}:`),
    );
    assert.deepEqual(unused, []);
  });

  test("every exit code stands in the page of the command line", () => {
    const page = readFileSync(join(REPOSITORY, "docs/cli.md"), "utf8");
    const paragraph = page.split("\n").find((line) => line.includes("Exit codes")) ?? "";
    for (const code of [...Object.values(EXIT), ...Object.values(EXIT_CODES)]) {
      assert.match(paragraph, new RegExp(`\\b${code}\\b`));
    }
  });

  test("every hint is a sentence", () => {
    const hints = filesUnder(join(REPOSITORY, "src"), ".ts").flatMap((file) =>
      [
        ...readFileSync(file, "utf8").matchAll(
          /\bhint(?::| =)\s+(?<quote>["`])(?<text>.+)\k<quote>(?! \+)/g,
        ),
      ].map(({ groups }) => groups?.["text"] ?? ""),
    );
    assert.ok(hints.length > 50);
    assert.deepEqual(
      hints.filter((hint) => !/^[A-Z].*\.$/.test(hint)),
      [],
    );
  });

  test("every relative link in a page leads somewhere", () => {
    const pages = [
      "README.md",
      "docs",
      "examples",
      "deployment-manifests",
      "module-template",
    ].flatMap((name) => {
      const path = join(REPOSITORY, name);
      return name.endsWith(".md") ? [path] : filesUnder(path, ".md");
    });
    const dead = pages.flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !existsSync(join(dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    assert.deepEqual(dead, []);
  });
});
