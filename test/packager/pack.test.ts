import assert from "node:assert/strict";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { Container } from "dockerode";
import { UserError } from "../../src/core/problem.ts";
import { createBlobStore, digestOf } from "../../src/packager/blob-store.ts";
import { LOCK_FILE } from "../../src/packager/base/lock.ts";
import { hostPrograms } from "../../src/packager/programs.ts";
import type { PackOptions, PackResult } from "../../src/packager/pack-options.ts";
import type { ResolvedEndpoint } from "../../src/spec/resolved.ts";
import {
  addressOf,
  docker,
  NO_ENGINE,
  removeImages,
  startModule,
  untilLogged,
} from "./support/container.ts";
import { joinCreateOptions } from "./support/create-options.ts";
import { deployment, endpoint, moduleOf } from "./support/endpoints.ts";
import { readLayer } from "./support/entries.ts";
import { ANSWER, makePackageRoot } from "./support/package-root.ts";
import { ownTag } from "./support/own-names.ts";
import { CACHE, isThere, NO_BASE, packHere } from "./support/shared-cache.ts";
import { tempFolder } from "./support/temp-folder.ts";

type Modules = Record<string, { settings: Record<string, unknown> }>;

const NO_SKOPEO = isThere("skopeo") ? false : "skopeo is not on this machine";

async function createOptionsOf({ files }: PackResult): Promise<unknown> {
  const { modulesContent } = JSON.parse(await readFile(files.manifest, "utf8")) as {
    modulesContent: { $edgeAgent: { "properties.desired": { modules: Modules } } };
  };
  const { modules } = modulesContent.$edgeAgent["properties.desired"];
  return joinCreateOptions(modules["pump-monitor"]?.settings ?? {});
}

suite("pack", { skip: NO_BASE }, () => {
  let folder: string;
  let result: PackResult;
  let archive: string;

  const build = async (name: string, more: Partial<PackOptions> = {}): Promise<PackResult> => {
    const place = join(folder, name);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, "pump.onnx"), "weights");
    const packageRoot = await makePackageRoot(join(place, "package"));
    const output = { kind: "archive" as const, file: join(place, "out.tar") };
    return packHere(spec(join(place, "pump.onnx")), {
      output,
      packageRoot,
      specFolder: place,
      ...more,
    });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewright-test-"));
    // Where no test has built before, this one makes the lock that the next one finds.
    await build("before");
    result = await build("first");
    archive = result.files.image ?? "";
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("names the image after the endpoint and the index", () => {
    assert.equal(result.name, `pump-monitor:${result.index.digest.slice(7, 19)}`);
    assert.deepEqual(
      Object.values(result.files).map((file) => file.replace(`${folder}/first/`, "")),
      ["out.tar", "out.deployment.json", "out.build.json", "out.cdx.json"],
      "the lock that holds already is not written, and not told",
    );
    assert.deepEqual(result.problems, []);
  });

  test("two platforms share what does not depend on them", () => {
    const [amd64, arm64] = result.images;
    const names = amd64?.layers.map((layer) => layer.name.split(" ")[0]);
    assert.deepEqual(names, [
      "system",
      "Node",
      "ONNX",
      "vendor",
      "model",
      "edgewright",
      "endpoint",
    ]);
    const equal = amd64?.layers.map((layer, i) => layer.digest === arm64?.layers[i]?.digest);
    assert.deepEqual(equal, [false, false, false, true, true, true, true]);
  });

  test("what edgewright adds to base and model stays within 20 MB", () => {
    for (const image of result.images) {
      const own = image.layers.filter(({ group }) => group === "runtime" || group === "endpoint");
      const bytes = own.reduce((sum, layer) => sum + layer.bytes, 0);
      assert.ok(own.length === 4 && bytes <= 20_000_000, `${image.platform}: ${bytes} bytes`);
    }
  });

  test("a clone elsewhere gives the same archive, and needs no program for it", async () => {
    const again = await build("second/place");
    assert.equal(again.index.digest, result.index.digest);
    assert.equal(await sha256(again.files.image ?? ""), await sha256(archive));
  });

  test("who built it stands in the manifest alone: the image is the same", async () => {
    const deviceEnv = { EDGEWRIGHT_KEY_HASHES: "ab".repeat(32) };
    const mine = await build("mine", { deviceEnv });
    assert.equal(mine.index.digest, result.index.digest);
    const theirs = (await createOptionsOf(result)) as object;
    assert.deepEqual(await createOptionsOf(mine), {
      ...theirs,
      Env: [`EDGEWRIGHT_KEY_HASHES=${"ab".repeat(32)}`],
    });
  });

  test("no layer of ours tells where it was built", async (t) => {
    const blobs = createBlobStore(join(CACHE, "blobs"));
    const place = await tempFolder(t);
    for (const layer of result.images[0]?.layers.filter(({ group }) => group !== "base") ?? []) {
      if (layer.name.startsWith("ONNX")) continue;
      for (const [path, { text }] of await readLayer(layer, blobs, place)) {
        assert.ok(!text.includes(tmpdir()), path);
        assert.ok(!text.includes("sourceMappingURL"), path);
      }
    }
  });

  test("skopeo reads the same digest, for either platform", { skip: NO_SKOPEO }, async () => {
    for (const architecture of ["amd64", "arm64"]) {
      const args = ["inspect", "--override-arch", architecture, `oci-archive:${archive}`];
      const inspected = await hostPrograms(process.env)("skopeo", args, { cwd: folder });
      assert.ok(inspected.found && inspected.exitCode === 0);
      const read = JSON.parse(inspected.stdout) as {
        Digest: string;
        Architecture: string;
        Layers: string[];
      };
      assert.equal(read.Digest, result.index.digest);
      assert.equal(read.Architecture, architecture);
      const image = result.images.find(({ platform }) => platform === `linux/${architecture}`);
      assert.deepEqual(
        read.Layers,
        image?.layers.map(({ digest }) => digest),
      );
    }
  });

  test(
    "an engine runs it within the limits of its own manifest",
    { skip: NO_ENGINE },
    async (t) => {
      const loaded = await packHere(spec(join(folder, "first", "pump.onnx")), {
        output: { kind: "docker" },
        tag: ownTag("pump"),
        packageRoot: join(folder, "first", "package"),
        specFolder: join(folder, "first"),
      });
      assert.equal(loaded.index.digest, result.index.digest);
      assert.equal(loaded.files.image, undefined);
      const container = await startModule(t, loaded.files.manifest);
      await untilLogged(container, '"ready"');
      const { HostConfig, State } = await container.inspect();
      assert.ok(State.Running);
      assert.equal(HostConfig.NanoCpus, 500_000_000);
      assert.equal(HostConfig.Memory, 268_435_456);
      assert.equal(HostConfig.ReadonlyRootfs, true);
      const response = await fetch(await addressOf(container));
      assert.deepEqual(await response.json(), ANSWER);
      const node = ["/usr/local/bin/node", "-e"];
      const script = `const fs = require("fs"); fs.writeFileSync("/var/lib/edgewright/a", "1");
      fs.writeFileSync("/tmp/a", "1"); try { fs.writeFileSync("/opt/a", "1") } catch (e) { console.log(e.code, process.getuid()) }`;
      assert.match(await runInside(container, [...node, script]), /EROFS 10001/u);
      await container.stop({ t: 5 });
      assert.equal((await container.inspect()).State.ExitCode, 0);
    },
  );

  test("docker load takes the archive as a file", { skip: NO_ENGINE }, async (t) => {
    const { name } = await build("loaded", { tag: ownTag("loaded") });
    const stream = await docker.loadImage(createReadStream(join(folder, "loaded", "out.tar")));
    t.after(() => removeImages(name));
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    assert.ok(text.includes(`Loaded image: ${name}`), text);
    const { RootFS } = await docker.getImage(name).inspect();
    const host = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
    const image = result.images.find(({ platform }) => platform === host);
    assert.ok(
      isDeepStrictEqual(
        RootFS.Layers,
        image?.layers.map(({ diffId }) => diffId),
      ),
    );
  });

  test("SOURCE_DATE_EPOCH changes the config and no layer", async (t) => {
    const place = await tempFolder(t);
    const dated = await packHere(spec(join(folder, "first", "pump.onnx")), {
      output: { kind: "archive", file: join(place, "dated.tar") },
      packageRoot: join(folder, "first", "package"),
      specFolder: place,
      createdEpochSeconds: 1_700_000_000,
      platforms: ["linux/amd64"],
      tag: "registry.example/pumps:7",
    });
    assert.equal(dated.name, "registry.example/pumps:7");
    assert.deepEqual(dated.images[0]?.layers, result.images[0]?.layers);
    assert.notEqual(dated.images[0]?.digest, result.images[0]?.digest);
    const record = await readFile(dated.files.record, "utf8");
    assert.ok(record.includes('"created": "2023-11-14T22:13:20Z"'));
    assert.ok(!record.includes(place));
  });

  test("a manifest that cannot be is refused before anything is fetched or made", async (t) => {
    const specFolder = await tempFolder(t);
    const given = {
      output: { kind: "archive" as const, file: join(specFolder, "out.tar") },
      packageRoot: join(folder, "first", "package"),
      specFolder,
      run: () => Promise.reject(new Error("no program is needed for that")),
      cacheFolder: join(specFolder, "cache"),
    };
    const wrong = endpoint({ module: moduleOf({ env: { "a.b": "1" } }) });
    await assert.rejects(
      packHere(wrong, given),
      (error) => error instanceof UserError && error.problems[0]?.code === "MANIFEST_NAME",
    );
    assert.deepEqual(await readdir(specFolder), [LOCK_FILE]);
  });

  test("a build that is called off leaves nothing", async (t) => {
    const specFolder = await tempFolder(t);
    const temporaryFolder = await tempFolder(t);
    const stop = new AbortController();
    const given = {
      output: { kind: "archive" as const, file: join(specFolder, "out.tar") },
      packageRoot: join(folder, "first", "package"),
      specFolder,
      temporaryFolder,
      signal: stop.signal,
      progress: () => {
        stop.abort();
      },
    };
    await assert.rejects(packHere(spec(join(folder, "first", "pump.onnx")), given), {
      name: "AbortError",
    });
    assert.deepEqual(await readdir(temporaryFolder), []);
    assert.deepEqual(await readdir(specFolder), [LOCK_FILE]);
  });

  for (const [what, over, code] of [
    ["a wrong tag", { tag: "UPPER:1" }, "BUILD_TAG"],
    ["frozen without a lock", { frozen: true }, "BUILD_LOCK_CHANGED"],
    [
      "no engine",
      { output: { kind: "docker" }, env: { DOCKER_HOST: "unix:///none" } },
      "BUILD_ENGINE",
    ],
  ] as const) {
    test(`${what} ends with ${code} and leaves nothing`, async (t) => {
      const specFolder = await tempFolder(t);
      const given = {
        output: { kind: "archive" as const, file: join(specFolder, "new", "out.tar") },
        packageRoot: join(folder, "first", "package"),
        specFolder,
        ...over,
      };
      await assert.rejects(
        packHere(spec(join(folder, "first", "pump.onnx")), given),
        (error) => error instanceof UserError && error.problems[0]?.code === code,
      );
      const left = (await readdir(specFolder)).filter((name) => name !== LOCK_FILE);
      assert.deepEqual(left, []);
    });
  }
});

function spec(model: string): ResolvedEndpoint {
  return endpoint({
    deployments: [deployment({ model: { name: "pump", version: "1", path: model } })],
    module: moduleOf({ volume: { name: "edgewright-test-box", path: "/var/lib/edgewright" } }),
  });
}

async function sha256(file: string): Promise<string> {
  return digestOf(await readFile(file));
}

async function runInside(container: Container, Cmd: string[]): Promise<string> {
  const exec = await container.exec({ Cmd, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  let text = "";
  stream.on("data", (chunk) => (text += String(chunk)));
  await once(stream, "end");
  return text;
}
