import assert from "node:assert/strict";
import { appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { createBlobStore, digestOf } from "../../src/packager/blob-store.ts";
import { tempFolder } from "./support/temp-folder.ts";

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half");
  throw new Error("cable");
}

suite("createBlobStore", () => {
  test("what is added is there under its digest", async (t) => {
    const store = createBlobStore(await tempFolder(t));
    const { digest, bytes } = await store.add(chunks("hel", "lo"));
    assert.equal(digest, digestOf("hello"));
    assert.equal(bytes, 5);
    assert.ok(await store.has(digest));
    assert.equal(await store.has(digestOf("other")), false);
  });

  test("a damaged blob is not there, and is thrown away", async (t) => {
    const folder = await tempFolder(t);
    const { digest } = await createBlobStore(folder).add(chunks("hello"));
    await appendFile(createBlobStore(folder).path(digest), "!");
    assert.equal(await createBlobStore(folder).has(digest), false);
    assert.deepEqual(await readdir(join(folder, "sha256")), []);
  });

  test("a source that breaks leaves nothing behind", async (t) => {
    const folder = await tempFolder(t);
    await assert.rejects(createBlobStore(folder).add(broken()), /cable/u);
    assert.deepEqual(await readdir(folder), []);
  });

  test("sha512, as npm announces it, works as well", async (t) => {
    const store = createBlobStore(await tempFolder(t));
    const { digest } = await store.add(chunks("hello"), "sha512");
    assert.match(digest, /^sha512:9b71d224bd62f378/u);
    assert.ok(await store.has(digest));
  });
});
