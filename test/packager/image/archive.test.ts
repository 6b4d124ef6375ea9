import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { createBlobStore, digestOf } from "../../../src/packager/blob-store.ts";
import { textFile } from "../../../src/packager/entry.ts";
import { archiveChunks } from "../../../src/packager/image/archive.ts";
import { imageOf, indexOf } from "../../../src/packager/image/image.ts";
import type { ImageConfig } from "../../../src/packager/image/image.ts";
import { makeLayer } from "../../../src/packager/image/layer.ts";
import type { Platform } from "../../../src/spec/resolved.ts";
import { readTar } from "../support/entries.ts";
import type { ReadBack } from "../support/entries.ts";
import { tempFolder } from "../support/temp-folder.ts";

const CONFIG: ImageConfig = {
  user: "10001:10001",
  entrypoint: ["/bin/app"],
  workingDir: "/",
  env: { B: "2", A: "1" },
  ports: [5001],
  labels: { z: "1", a: "2" },
  stopSignal: "SIGTERM",
};

type Descriptor = { digest: string; size: number; platform?: unknown; annotations?: unknown };

async function archive(
  t: TestContext,
  platforms: readonly Platform[],
  host: Platform = "linux/amd64",
): Promise<{ files: Map<string, ReadBack>; digest: string; json: (path: string) => never }> {
  const folder = await tempFolder(t);
  const blobs = createBlobStore(join(folder, "blobs"));
  const layer = { name: "app", group: "runtime" as const };
  const layers = [{ ...layer, ...(await makeLayer([textFile("bin/app", "x")], blobs)) }];
  const created = "1970-01-01T00:00:00Z";
  const index = indexOf(
    platforms.map((platform) => imageOf({ platform, config: CONFIG, layers, created })),
  );
  const file = join(folder, "out.tar");
  const reference = { repository: "pumps", tag: "1" };
  await pipeline(archiveChunks({ index, reference, host, blobs }), createWriteStream(file));
  const files = await readTar(file);
  const json = (path: string): never => JSON.parse(files.get(path)?.text ?? "") as never;
  return { files, digest: index.digest, json };
}

const BOTH = ["linux/amd64", "linux/arm64"] as const;

suite("archiveChunks", () => {
  test("index.json holds one index, and that holds the platforms", async (t) => {
    const { json, digest } = await archive(t, BOTH);
    const { manifests } = json("index.json") as { manifests: Descriptor[] };
    assert.deepEqual(
      manifests.map((manifest) => [manifest.digest, manifest.annotations]),
      [
        [
          digest,
          {
            "io.containerd.image.name": "docker.io/library/pumps:1",
            "org.opencontainers.image.ref.name": "1",
          },
        ],
      ],
    );
    const index = json(`blobs/sha256/${digest.slice(7)}`) as { manifests: Descriptor[] };
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform),
      [
        { architecture: "amd64", os: "linux" },
        { architecture: "arm64", os: "linux" },
      ],
    );
    assert.deepEqual(json("oci-layout"), { imageLayoutVersion: "1.0.0" });
  });

  test("every blob is called by its digest", async (t) => {
    const { files } = await archive(t, ["linux/amd64"]);
    const blobs = [...files].filter(([path]) => /^blobs\/sha256\/./u.test(path));
    assert.equal(blobs.length, 4);
    for (const [path, { text }] of blobs.filter(([, blob]) => blob.text.startsWith("{")))
      assert.equal(digestOf(text), `sha256:${path.slice("blobs/sha256/".length)}`);
  });

  for (const [platforms, host, tags] of [
    [BOTH, "linux/amd64", ["pumps:1", "pumps:1-arm64"]],
    [BOTH, "linux/arm64", ["pumps:1-amd64", "pumps:1"]],
    [["linux/arm64"], "linux/amd64", ["pumps:1"]],
  ] as const) {
    test(`docker's tags of ${platforms.join(" and ")} on ${host} are ${tags.join(", ")}`, async (t) => {
      const { json } = await archive(t, platforms, host);
      const manifest = json("manifest.json") as { RepoTags: string[] }[];
      assert.deepEqual(
        manifest.flatMap(({ RepoTags }) => RepoTags),
        tags,
      );
    });
  }

  test("the index is the same on every host", async (t) => {
    const here = await archive(t, BOTH, "linux/amd64");
    const there = await archive(t, BOTH, "linux/arm64");
    assert.equal(here.digest, there.digest);
  });

  test("a config says what the container does", async (t) => {
    const { json } = await archive(t, ["linux/arm64"]);
    const [{ Config } = { Config: "" }] = json("manifest.json") as { Config: string }[];
    const { config, ...rest } = json(Config) as { config: Record<string, unknown> };
    assert.deepEqual(config, {
      User: "10001:10001",
      ExposedPorts: { "5001/tcp": {} },
      Env: ["B=2", "A=1"],
      Entrypoint: ["/bin/app"],
      WorkingDir: "/",
      Labels: { a: "2", z: "1" },
      StopSignal: "SIGTERM",
    });
    assert.equal((rest as { architecture?: string }).architecture, "arm64");
  });
});
