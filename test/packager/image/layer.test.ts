import assert from "node:assert/strict";
import { chmod, mkdir, readdir, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { createBlobStore } from "../../../src/packager/blob-store.ts";
import { entriesKey, textFile } from "../../../src/packager/entry.ts";
import { createLayerStore, makeLayer } from "../../../src/packager/image/layer.ts";
import type { LayerSource } from "../../../src/packager/layers/layer-source.ts";
import { treeEntries } from "../../../src/packager/layers/tree.ts";
import { tempFolder } from "../support/temp-folder.ts";

suite("makeLayer", () => {
  test("umask, times and the order of writing do not change a layer", async (t) => {
    const folder = await tempFolder(t);
    const blobs = createBlobStore(join(folder, "blobs"));
    const names = ["a.js", "sub/b.js", "sub/c.js"];
    const digests = [];
    for (const [number, order] of [names, names.toReversed()].entries()) {
      const tree = join(folder, `tree-${number}`);
      await mkdir(join(tree, "sub"), { recursive: true });
      for (const name of order) {
        await writeFile(join(tree, name), `content of ${name}`);
        await chmod(join(tree, name), number === 0 ? 0o600 : 0o775);
        await utimes(join(tree, name), number * 1e6, number * 1e6);
      }
      const entries = await treeEntries(tree, "opt");
      digests.push(await makeLayer(number === 0 ? entries : entries.toReversed(), blobs));
    }
    assert.deepEqual(digests[0], digests[1]);
  });
});

suite("createLayerStore", () => {
  const entries = [textFile("etc/a", "text")];
  const source = async (made: string[]): Promise<LayerSource> => ({
    name: "a",
    group: "runtime",
    key: await entriesKey(entries),
    entries: () => {
      made.push("a");
      return Promise.resolve(entries);
    },
  });

  test("a layer is made once, and again when its blob is damaged", async (t) => {
    const folder = await tempFolder(t);
    const made: string[] = [];
    const build = async (): Promise<string> => {
      const blobs = createBlobStore(join(folder, "blobs"));
      const store = createLayerStore({ blobs, folder: join(folder, "layers"), recipe: "1" });
      return (await store.layer(await source(made))).digest;
    };
    const digest = await build();
    assert.equal(await build(), digest);
    assert.equal(made.length, 1);
    await truncate(join(folder, "blobs", "sha256", digest.slice(7)), 20);
    assert.equal(await build(), digest);
    assert.equal(made.length, 2);
  });

  test("another recipe makes the layer anew", async (t) => {
    const folder = await tempFolder(t);
    const made: string[] = [];
    const blobs = createBlobStore(join(folder, "blobs"));
    for (const recipe of ["1", "2"]) {
      const store = createLayerStore({ blobs, folder: join(folder, "layers"), recipe });
      await store.layer(await source(made));
    }
    assert.equal(made.length, 2);
  });

  test("a record that is not whole is no record", async (t) => {
    const folder = await tempFolder(t);
    const made: string[] = [];
    const blobs = createBlobStore(join(folder, "blobs"));
    const place = { blobs, folder: join(folder, "layers"), recipe: "1" };
    await createLayerStore(place).layer(await source(made));
    const [record = ""] = await readdir(place.folder);
    await writeFile(join(place.folder, record), "{");
    await createLayerStore(place).layer(await source(made));
    assert.equal(made.length, 2);
  });

  test("two platforms that ask at once for the same layer have it made once", async (t) => {
    const folder = await tempFolder(t);
    const made: string[] = [];
    const blobs = createBlobStore(join(folder, "blobs"));
    const store = createLayerStore({ blobs, folder: join(folder, "layers"), recipe: "1" });
    const one = await source(made);
    const layers = await Promise.all([store.layer(one), store.layer(one)]);
    assert.deepEqual(layers[0], layers[1]);
    assert.equal(made.length, 1);
  });
});
