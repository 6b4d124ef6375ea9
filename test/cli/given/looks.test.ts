import assert from "node:assert/strict";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { lookAtAll } from "../../../src/cli/given/looks.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const LARGE_BYTES = 33 << 20;

suite("lookAtAll", () => {
  test("looks at each path once, at four small ones at a time, at a large one alone", async (t) => {
    const folder = tempFolder(t);
    const paths = Array.from({ length: 12 }, (_, at) => join(folder, `${at}.onnx`));
    for (const path of paths) writeFileSync(path, "");
    const large = [paths[3] ?? "", paths[7] ?? ""];
    for (const path of large) truncateSync(path, LARGE_BYTES);
    const now = new Set<string>();
    const company = new Map<string, number>();
    const looked = await lookAtAll([...paths, ...paths], async (path) => {
      assert.ok(!company.has(path), `${path} is looked at twice`);
      now.add(path);
      await new Promise((resolve) => setTimeout(resolve, 5));
      company.set(path, now.size);
      now.delete(path);
      return path.length;
    });
    assert.deepEqual([...looked.keys()].toSorted(), paths.toSorted());
    assert.ok([...looked].every(([path, length]) => path.length === length));
    for (const path of large) assert.equal(company.get(path), 1);
    assert.equal(Math.max(...company.values()), 4);
  });

  test("a path that is not there is looked at as well", async (t) => {
    const gone = join(tempFolder(t), "gone.onnx");
    const looked = await lookAtAll([gone], () => Promise.resolve("told"));
    assert.deepEqual([...looked], [[gone, "told"]]);
  });
});
