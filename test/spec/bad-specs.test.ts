/** Every file of fixtures/specs/bad holds one fault; its first line says where it is and its code. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { CODES } from "../../src/core/codes.ts";
import { loadSpec } from "../../src/spec/load.ts";
import { REPOSITORY } from "../support/repository.ts";

const FOLDER = join(REPOSITORY, "test/fixtures/specs/bad");
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".yml"));

/** Warnings and notes, the faults of a whole file, and those of the device: tested elsewhere. */
const WITHOUT_FIXTURE = new Set([
  "SPEC_NOT_FOUND",
  "SPEC_UNREADABLE",
  "SPEC_TOO_LARGE",
  "SPEC_EMPTY",
  "SPEC_NOT_TEXT",
  "SPEC_NO_TRAFFIC",
  "SPEC_OLD_SPELLING",
  "SPEC_IGNORED",
  "SPEC_REDUCED",
  "SPEC_MEMORY_SHORT",
  "SPEC_DEVICE_TOO_SMALL",
]);

function expectedOf(file: string): string {
  const [line = ""] = readFileSync(join(FOLDER, file), "utf8").split("\n");
  return line.replace("# ", "");
}

suite("a spec with one fault", () => {
  for (const file of FILES) {
    test(`${file} gives one error, ${expectedOf(file)}`, async () => {
      const read = await loadSpec([file], { cwd: FOLDER, modelStore: join(FOLDER, "no-store") });
      const errors = read.problems.filter(({ severity }) => severity === "error");
      const said = errors.map(({ at, code }) => `${at?.line}:${at?.col} ${code}`);
      assert.deepEqual(said, [expectedOf(file)], JSON.stringify(errors, null, 1));
      assert.equal(read.ok, false);
      assert.equal(errors[0]?.at?.file, file);
      assert.match(errors[0]?.hint ?? "", /^[A-Z].*[.]$/s);
      assert.match(errors[0].message, /[^.]$/);
    });
  }

  test("every code of an error has a file here", () => {
    const covered = new Set(FILES.map((file) => expectedOf(file).split(" ")[1]));
    const absent = Object.keys(CODES).filter(
      (code) => code.startsWith("SPEC_") && !covered.has(code) && !WITHOUT_FIXTURE.has(code),
    );
    assert.deepEqual(absent, []);
  });
});
