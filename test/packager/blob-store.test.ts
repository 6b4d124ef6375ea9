import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
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

  test("what a killed process has left goes with the next one that adds", async (t) => {
    const folder = await tempFolder(t);
    const module = new URL("../../src/packager/blob-store.js", import.meta.url).href;
    const endless = `const { createBlobStore } = await import(${JSON.stringify(module)});
      await createBlobStore(process.argv[1]).add((async function* () {
        yield Buffer.from("half");
        const { readdirSync } = await import("node:fs");
        setInterval(() => {
          if (readdirSync(process.argv[1]).length > 0) process.stdout.write("begun");
        }, 5);
        await new Promise(() => {});
      })());`;
    const args = ["--input-type=module", "--eval", endless, folder];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    assert.equal((await readdir(folder)).length, 1);
    await createBlobStore(folder).add(chunks("hello"));
    assert.deepEqual(await readdir(folder), ["sha256"]);
  });

  test("sha512, as npm announces it, works as well", async (t) => {
    const store = createBlobStore(await tempFolder(t));
    const { digest } = await store.add(chunks("hello"), "sha512");
    assert.match(digest, /^sha512:9b71d224bd62f378/u);
    assert.ok(await store.has(digest));
  });
});
