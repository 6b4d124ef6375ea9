import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { TestContext } from "node:test";
import { UserError } from "../../../../src/core/problem.ts";
import { importBase } from "../../../../src/packager/base/foreign/image-base.ts";
import type { ImageLock } from "../../../../src/packager/base/lock.ts";
import { createBlobStore } from "../../../../src/packager/blob-store.ts";
import { LIBRARIES, NODE, tarOf, writeLayout } from "../../support/forged-image.ts";
import type { Forgery, Member } from "../../support/forged-image.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const BIG = 300 * 2 ** 20;

async function importHere(t: TestContext, text: string): Promise<ImageLock> {
  const folder = await tempFolder(t);
  return importBase({
    text,
    platforms: ["linux/amd64"],
    store: createBlobStore(join(folder, "blobs")),
    folder,
    workingFolder: folder,
    env: {},
    progress: () => {},
  });
}

type Named = { readonly digest: string };
type Places = Readonly<Record<"index" | "manifest" | "config" | "layer", string>>;

async function placesIn(layout: string): Promise<Places> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(layout, path), "utf8")) as unknown;
  const blob = ({ digest }: Named): string => `blobs/${digest.replace(":", "/")}`;
  const { manifests } = (await json("index.json")) as { manifests: [Named] };
  const manifest = blob(manifests[0]);
  const { config, layers } = (await json(manifest)) as { config: Named; layers: [Named] };
  return { index: "index.json", manifest, config: blob(config), layer: blob(layers[0]) };
}

/** The first member as type S, its checksum made right. @source GNU tar: tar.h */
function asSparse(tar: Buffer): Buffer {
  const header = Buffer.from(tar.subarray(0, 512));
  header.write("S", 156);
  header.fill(" ", 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, tar.subarray(512)]);
}

suite("importBase", () => {
  test("a layout is taken with its own blobs, and Node is found in it", async (t) => {
    const layout = await writeLayout(await tempFolder(t), {
      layers: [[...LIBRARIES], [{ ...NODE, name: "./nodejs/bin/node" }]],
    });
    const { node, platforms } = await importHere(t, `oci:${layout}`);
    assert.equal(node, "/nodejs/bin/node");
    assert.equal(platforms["linux/amd64"]?.layers.length, 2);
  });

  test("a folder in the place of a file, of its own layer or a lower one, is fine", async (t) => {
    const layout = await writeLayout(await tempFolder(t), {
      layers: [
        [NODE, ...LIBRARIES, { name: "etc/d" }],
        [{ name: "etc/d/e" }, { name: "a" }, { name: "a", type: "directory" }, { name: "a/b" }],
      ],
    });
    assert.equal((await importHere(t, `oci:${layout}`)).node, "/usr/local/bin/node");
  });

  test("a hard link to a lower layer, and Node put back, are fine", async (t) => {
    const layout = await writeLayout(await tempFolder(t), {
      layers: [
        [NODE, ...LIBRARIES],
        [{ name: "node", type: "link", linkname: NODE.name }],
        [{ name: "usr/local/bin/.wh.node" }, NODE],
      ],
    });
    assert.equal((await importHere(t, `oci:${layout}`)).node, "/usr/local/bin/node");
  });

  test("a docker archive is proven by its unpacked layers, which are compressed here", async (t) => {
    const folder = await tempFolder(t);
    const layer = await tarOf([NODE, ...LIBRARIES]);
    const { createHash } = await import("node:crypto");
    const diffId = `sha256:${createHash("sha256").update(layer).digest("hex")}`;
    const config = JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { diff_ids: [diffId] },
    });
    const manifest = JSON.stringify([{ Config: "c.json", Layers: ["l/layer.tar"] }]);
    const archive = async (tar: Buffer): Promise<string> => {
      const file = join(folder, "saved.tar");
      await writeFile(
        file,
        await tarOf([
          { name: "c.json", text: config },
          { name: "l/layer.tar", text: tar.toString("latin1") },
          { name: "manifest.json", text: manifest },
        ]),
      );
      return `docker-archive:${file}`;
    };
    const { platforms } = await importHere(t, await archive(layer));
    const [imported] = platforms["linux/amd64"]?.layers ?? [];
    assert.equal(imported?.diffId, diffId);
    assert.ok((imported?.bytes ?? 0) < layer.length);
    await assert.rejects(importHere(t, await archive(await tarOf([{ ...NODE, text: "other" }]))));
  });

  for (const what of ["index", "manifest", "config", "layer"] as const) {
    test(`a pipe in the place of the ${what} is refused, and nobody is waited for`, async (t) => {
      const layout = await writeLayout(await tempFolder(t), { layers: [[NODE, ...LIBRARIES]] });
      const pipe = join(layout, (await placesIn(layout))[what]);
      await rm(pipe);
      execFileSync("mkfifo", [pipe]);
      // A reader that waits is let go, so that the test ends.
      const late = setTimeout(() => void open(pipe, "r+").then((held) => held.close()), 2000);
      t.after(() => clearTimeout(late));
      await assert.rejects(importHere(t, `oci:${layout}`), /IMAGE_BROKEN: .* is no plain file/u);
    });
  }

  for (const mediaType of ["tar+zstd", "tar+gzip"]) {
    test(`zstd under the type ${mediaType} is refused, with the way out of it`, async (t) => {
      const layout = await writeLayout(await tempFolder(t), {
        layers: [[NODE, ...LIBRARIES]],
        compress: () => Buffer.from("28b52ffd040001000099e9d851", "hex"),
        descriptor: { mediaType: `application/vnd.oci.image.layer.v1.${mediaType}` },
      });
      await assert.rejects(importHere(t, `oci:${layout}`), (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /is compressed with zstd, not gzip/u);
        assert.match(error.problems[0]?.hint ?? "", /skopeo copy --dest-compress-format gzip/u);
        return true;
      });
    });
  }

  const members = (...layer: readonly Member[]): Forgery => ({ layers: [[NODE, ...layer]] });
  const over = (...layer: readonly Member[]): Forgery => ({ layers: [[NODE], layer] });
  for (const [what, forgery, named] of [
    ["a path that leads out", members({ name: "../../etc/cron.d/x" }), /leads out of it/u],
    [
      "a link that leads out",
      members({ name: "usr/x", type: "symlink", linkname: "../../../etc/passwd" }),
      /'usr\/x', a link out of it/u,
    ],
    ["a device", members({ name: "dev/sda", type: "block-device" }), /'dev\/sda', a block-device/u],
    [
      "other bytes than its digest",
      { ...members(), spoil: flipped },
      /part 0 .*(?:digest|gzip|tar)/u,
    ],
    [
      "a layer that is cut off",
      {
        ...members({ name: "a", text: "b".repeat(9000) }),
        spoil: (gzip: Buffer) => gzip.subarray(0, -20),
      },
      /is cut off/u,
    ],
    [
      "another unpacked digest",
      { ...members(), diffId: `sha256:${"0".repeat(64)}` },
      /unpacks to sha256/u,
    ],
    ["a bomb", members({ name: "zeros", text: "\0".repeat(BIG) }), /grows to more than/u],
    [
      "a whiteout of the folder above",
      members({ name: "usr/.wh..." }),
      /'usr\/\.wh\.\.\.', a white/u,
    ],
    ["a whiteout of the folder", members({ name: ".wh.." }), /'\.wh\.\.', a whiteout/u],
    ["a whiteout of nothing", members({ name: "a/.wh." }), /'a\/\.wh\.', a whiteout/u],
    ["Node taken away", over({ name: "usr/local/bin/.wh.node" }), /has no Node at/u],
    ["Node's folder taken away", over({ name: "usr/.wh.local" }), /has no Node at/u],
    ["Node's folder made opaque", over({ name: "usr/local/.wh..wh..opq" }), /has no Node at/u],
    [
      "a hard link to nothing",
      over({ name: "usr/x", type: "link", linkname: "usr/y" }),
      /'usr\/x', a hard link to 'usr\/y'/u,
    ],
    [
      "a NUL in a path",
      members({ name: "x", pax: { path: "etc/a\0b" } }),
      /'etc\/a\\u0000b', a path with a NUL/u,
    ],
    [
      "a NUL in the target of a link",
      members({ name: "x", type: "symlink", linkname: "y", pax: { linkpath: "a\0b" } }),
      /'x', a path with a NUL/u,
    ],
    [
      "a path through a plain file",
      members({ name: "etc/d" }, { name: "./etc/d/e" }),
      /'etc\/d\/e', which goes through the file 'etc\/d'/u,
    ],
    [
      "a path through a hard link to a file",
      members({ name: "b", type: "link", linkname: NODE.name }, { name: "b/c/d" }),
      /'b\/c\/d', which goes through the file 'b'/u,
    ],
    [
      "a sparse file of GNU's",
      { layers: [[{ name: "sparse" }, NODE]], compress: (tar: Buffer) => gzipSync(asSparse(tar)) },
      /'sparse', of a type that no engine unpacks/u,
    ],
    ["a wrong size", { ...members(), descriptor: { size: 3 } }, /bytes, and its manifest says 3/u],
    [
      "an unknown type",
      { ...members(), descriptor: { mediaType: "text/plain" } },
      /unknown type "text\/plain"/u,
    ],
    [
      "a folder in Node's place",
      { layers: [[{ name: NODE.name, type: "directory" }, ...LIBRARIES]] },
      /has no Node at/u,
    ],
    [
      "a link to nothing in Node's place",
      { layers: [[{ name: NODE.name, type: "symlink", linkname: "nodejs" }, ...LIBRARIES]] },
      /has no Node at/u,
    ],
    [
      "a link to itself in Node's place",
      { layers: [[{ name: NODE.name, type: "symlink", linkname: "node" }, ...LIBRARIES]] },
      /has no Node at/u,
    ],
    ["no Node", { layers: [[{ name: "etc/passwd" }]] }, /has no Node at/u],
    [
      "musl",
      { layers: [[NODE, { name: "lib/ld-musl-x86_64.so.1" }, { name: "usr/lib/libstdc++.so.6" }]] },
      /has no ld-linux-x86-64\.so\.2, libc\.so\.6, .*: it has musl, and glibc is needed/u,
    ],
    [
      "no libstdc++",
      { layers: [[NODE, ...LIBRARIES], [{ name: "lib/x86_64-linux-gnu/.wh.libstdc++.so.6" }]] },
      /has no libstdc\+\+\.so\.6\.$/u,
    ],
    [
      "a layer of another compression",
      { ...members(), compress: () => Buffer.from("\ufffd7zXZ".padEnd(900, "x")) },
      /neither a tar nor gzip/u,
    ],
  ] as const) {
    test(`${what} is refused, and named`, async (t) => {
      const layout = await writeLayout(await tempFolder(t), forgery);
      await assert.rejects(
        importHere(t, `oci:${layout}`),
        (error) =>
          error instanceof UserError && named.test(error.message) && error.message.includes(layout),
      );
    });
  }

  for (const [what, forge, named] of [
    ["a manifest with other bytes", (text: string) => `${text} `, /holds other bytes than sha256/u],
    ["a manifest that is no JSON", () => "{", /other bytes/u],
  ] as const) {
    test(`${what} is refused`, async (t) => {
      const layout = await writeLayout(await tempFolder(t), members());
      const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as {
        manifests: { digest: string }[];
      };
      const file = join(layout, "blobs", index.manifests[0]?.digest.replace(":", "/") ?? "");
      await writeFile(file, forge(await readFile(file, "utf8")));
      await assert.rejects(importHere(t, `oci:${layout}`), (error) => named.test(String(error)));
    });
  }

  for (const [what, member, named] of [
    ["a path that leads out", { name: "../x", text: "x" }, /'\.\.\/x', which leads out of it/u],
    ["a link that leads out", { name: "x", type: "symlink", linkname: "/etc/passwd" }, /link 'x'/u],
    ["a device", { name: "x", type: "character-device" }, /'x', a character-device/u],
  ] as const) {
    test(`an archive with ${what} is refused`, async (t) => {
      const file = join(await tempFolder(t), "base.tar");
      await writeFile(file, await tarOf([member]));
      await assert.rejects(
        importHere(t, `oci-archive:${file}`),
        (error) => error instanceof UserError && named.test(error.message),
      );
    });
  }
});

function flipped(gzip: Buffer): Buffer {
  const changed = Buffer.from(gzip);
  const at = changed.length - 30;
  changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
  return changed;
}
