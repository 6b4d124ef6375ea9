import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { readPlan } from "../../../src/cli/simulation/simulation-plan.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const SCENARIO = { modules: { m: "./m.yml" }, steps: [{ wait: "1s" }] };

suite("what is simulated", () => {
  for (const [form, text, scenario] of [
    ["YAML", "modules: { m: ./m.yml }\nsteps: [{ wait: 1s }]\n", true],
    ["JSON on one line", JSON.stringify(SCENARIO), true],
    ["indented JSON", JSON.stringify(SCENARIO, undefined, 2), true],
    ["YAML in a flow", "{ modules: { m: ./m.yml },\n  steps: [{ wait: 1s }] }\n", true],
    ["indented YAML", "  modules: { m: ./m.yml }\n  steps: [{ wait: 1s }]\n", true],
    ["a spec", "name: m\ndescription: |\n  steps: of it\n", false],
    ["a spec with such a key inside", "name: m\nedge: { steps: 1 }\n", false],
  ] as const) {
    test(`${form} is ${scenario ? "a" : "no"} scenario`, (context) => {
      const cwd = tempFolder(context);
      writeFileSync(join(cwd, "file"), text);
      const plan = readPlan({
        args: ["file"],
        options: {},
        cwd,
        env: {},
        progress: () => undefined,
        announce: () => undefined,
        signal: new AbortController().signal,
      });
      assert.ok(plan.ok, JSON.stringify(plan.problems));
      assert.equal(plan.value.scenario !== undefined, scenario);
      assert.equal(plan.value.specs[0]?.name, scenario ? "m" : undefined);
    });
  }
});
