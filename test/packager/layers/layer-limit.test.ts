import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { UserError } from "../../../src/core/problem.ts";
import { directory } from "../../../src/packager/entry.ts";
import { fitLayers, MOST_LAYERS } from "../../../src/packager/layers/layer-limit.ts";
import type { LayerSource } from "../../../src/packager/layers/layer-source.ts";

function layers(kind: string, count: number): readonly LayerSource[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `${kind} ${at}`,
    group: "model",
    key: `${kind}-${at}`,
    entries: () => Promise.resolve([directory(`${kind}/${at}`)]),
  }));
}

suite("fitLayers", () => {
  test("what fits stays as it is", () => {
    const given = {
      bodies: layers("body", 20),
      heads: layers("head", 30),
      codes: layers("code", 40),
    };
    const { body, head, code } = fitLayers(given, 10);
    assert.deepEqual([body, head, code], [given.bodies, given.heads, given.codes]);
  });

  for (const [bodies, heads, codes, others] of [
    [60, 60, 60, 10],
    [0, 0, 200, 10],
    [200, 0, 0, 10],
    [0, 200, 0, 10],
    [50, 50, 50, MOST_LAYERS - 3],
    [1, 150, 150, 90],
  ] as const) {
    test(`${bodies} bodies, ${heads} heads, ${codes} of code beside ${others}: all are there, in order`, async () => {
      const given = {
        bodies: layers("body", bodies),
        heads: layers("head", heads),
        codes: layers("code", codes),
      };
      const { body, head, code } = fitLayers(given, others);
      assert.ok(body.length + head.length + code.length + others <= MOST_LAYERS);
      for (const [before, after] of [
        [given.bodies, body],
        [given.heads, head],
        [given.codes, code],
      ] as const) {
        const entriesOf = async (all: readonly LayerSource[]) =>
          (await Promise.all(all.map((layer) => layer.entries()))).flat();
        assert.deepEqual(await entriesOf(after), await entriesOf(before));
        assert.equal(new Set(after.map(({ key }) => key)).size, after.length);
      }
    });
  }

  test("a base that leaves no room is refused with the numbers", () => {
    const given = { bodies: [], heads: [], codes: [] };
    assert.throws(
      () => fitLayers(given, MOST_LAYERS - 2),
      (error) => error instanceof UserError && /98 layers .* at most 100/u.test(error.message),
    );
  });
});
