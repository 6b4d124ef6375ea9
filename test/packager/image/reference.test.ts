import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { UserError } from "../../../src/core/problem.ts";
import { fullName, parseReference, printReference } from "../../../src/packager/image/reference.ts";

suite("parseReference", () => {
  for (const [text, printed, full] of [
    ["pumps:1.4", "pumps:1.4", "docker.io/library/pumps:1.4"],
    ["pumps", "pumps:abc", "docker.io/library/pumps:abc"],
    ["team/pumps:1", "team/pumps:1", "docker.io/team/pumps:1"],
    ["registry.example:5000/team/pumps:1", "registry.example:5000/team/pumps:1", ""],
    ["localhost/pumps:1", "localhost/pumps:1", ""],
    ["registry.example:5000/pumps", "registry.example:5000/pumps:abc", ""],
  ] as const) {
    test(`"${text}" is ${printed}`, () => {
      const reference = parseReference(text, "abc");
      assert.equal(printReference(reference), printed);
      assert.equal(fullName(reference), full === "" ? printed : full);
      // edgeAgent's own rule (iot-edge 1.3).
      assert.match(printed, /^(([^/]*\/)*)([^/:]+)(:[^/:]+)?$/u);
    });
  }

  for (const text of [
    "Pumps:1",
    "",
    "a b",
    "pumps:",
    "pumps@sha256:00",
    "-pumps",
    "a".repeat(256),
  ]) {
    test(`"${text}" is refused with the form that is wanted`, () => {
      assert.throws(
        () => parseReference(text, "abc"),
        (error) => error instanceof UserError && error.problems[0]?.code === "BUILD_TAG",
      );
    });
  }
});
