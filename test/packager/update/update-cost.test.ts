import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { updateCost } from "../../../src/packager/update/update-cost.ts";
import type { DeviceImage } from "../../../src/packager/update/update-cost.ts";

/** `os:10` is a layer os of 10 bytes; its digest and diffId follow from the name. */
function image(name: string, ...layers: readonly string[]): DeviceImage {
  return {
    config: { digest: `config ${name}`, bytes: 1000 },
    manifest: { digest: `manifest ${name}`, bytes: 500 },
    layers: layers.map((text) => {
      const [layer = "", size = "0"] = text.split(":");
      return { name: layer, digest: layer, bytes: Number(size), diffId: `tar of ${layer}` };
    }),
  };
}

const OLD = image("old", "os:100", "model:50", "host:7");

suite("updateCost", () => {
  for (const [what, next, overlay2, containerd] of [
    ["the same image", OLD, [[], 500], [[], 0]],
    ["only another config", image("new", "os:100", "model:50", "host:7"), [[], 1500], [[], 1500]],
    [
      "a changed layer on top",
      image("new", "os:100", "model:50", "next:8"),
      [["next"], 1508],
      [["next"], 1508],
    ],
    [
      "a changed layer below an unchanged one",
      image("new", "os:100", "other:40", "host:7"),
      [["other", "host"], 1547],
      [["other"], 1540],
    ],
    [
      "layers in another order",
      image("new", "model:50", "os:100"),
      [["model", "os"], 1650],
      [[], 1500],
    ],
    ["a layer twice", image("new", "os:100", "x:5", "x:5"), [["x"], 1505], [["x"], 1505]],
  ] as const) {
    for (const [engine, [fetched, bytes]] of [
      ["overlay2", overlay2],
      ["containerd", containerd],
    ] as const) {
      test(`${what}, by ${engine}`, () => {
        const cost = updateCost(OLD, next, { engine, oldLoaded: false });
        assert.deepEqual(
          cost.layers.filter((layer) => layer.fetched).map(({ name }) => name),
          fetched,
        );
        assert.equal(cost.bytes, bytes);
      });
    }
  }

  test("what was loaded and not pulled is fetched again by the classic engine, and only there", () => {
    const next = image("new", "os:100", "model:50", "next:8");
    const loaded = { oldLoaded: true };
    assert.equal(updateCost(OLD, next, { engine: "overlay2", ...loaded }).bytes, 1658);
    assert.equal(updateCost(OLD, next, { engine: "containerd", ...loaded }).bytes, 1508);
  });

  test("a layer with the same content and other compressed bytes is fetched", () => {
    const next = image("new", "os:100", "model:50", "host:7");
    const recompressed = next.layers.map((layer) =>
      layer.name === "host" ? { ...layer, digest: "host again" } : layer,
    );
    const { layers } = updateCost(
      OLD,
      { ...next, layers: recompressed },
      {
        engine: "overlay2",
        oldLoaded: false,
      },
    );
    assert.deepEqual(layers.map(({ fetched, reason }) => [fetched, reason]).at(-1), [
      true,
      "is new",
    ]);
  });
});
