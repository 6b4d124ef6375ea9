import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { suite, test } from "node:test";
import { createGzip } from "node:zlib";
import * as tar from "tar-stream";
import { UserError } from "../../../src/core/problem.ts";
import { ENDPOINT_FILE, MODELS_FOLDER } from "../../../src/packager/layers/places.ts";
import { verifyImage } from "../../../src/packager/verify/verify-image.ts";
import type { VerifyOptions } from "../../../src/packager/verify/verify-image.ts";
import { dockerArchive, NODE, writeLayout } from "../support/forged-image.ts";
import type { Forgery, Member } from "../support/forged-image.ts";
import { tempFolder } from "../support/temp-folder.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PEM = privateKey.export({ type: "pkcs8", format: "pem" });
const NAMES = ["system", "ONNX Runtime 1.30.0"];

const ours = (member: Member): Forgery => ({ layers: [[NODE], [member]], names: NAMES });

const quiet = (folder: string): VerifyOptions => ({
  secrets: [],
  workingFolder: folder,
  temporaryFolder: folder,
  hostPlatform: "linux/none",
  env: {},
  progress: () => {},
});

suite("verifyImage", () => {
  for (const [what, forgery, expected] of [
    ["an image as we build it", ours({ name: "a", text: "SharedAccessKey=" }), []],
    ["root", { ...ours(NODE), config: { User: "" } }, [/^error .*user is ""/u]],
    ["a user by name", { ...ours(NODE), config: { User: "node" } }, [/^error .*user is "node"/u]],
    ["no telemetry switch", { ...ours(NODE), config: { Env: [] } }, [/^error .*TELEMETRY/u]],
    [
      "two telemetry switches that contradict each other",
      { ...ours(NODE), config: { Env: ["ORT_DISABLE_TELEMETRY=0", "ORT_DISABLE_TELEMETRY=1"] } },
      [/^error .*TELEMETRY/u],
    ],
    ["no labels", { ...ours(NODE), config: { Labels: {} } }, [/^error .*label/u]],
    ["a setuid file of ours", ours({ name: "su", mode: 0o4755 }), [/^error .*\/su .*setuid/u]],
    [
      "a setuid file of the base",
      { layers: [[{ name: "su", mode: 0o4755 }], [NODE]], names: NAMES },
      [/^warning .*\/su .*setuid/u],
    ],
    [
      "a private key",
      ours({ name: "key.pem", text: `x${String(PEM)}` }),
      [/^error .*\/key\.pem .*private key/u],
    ],
    [
      "a connection string, at the border of two chunks",
      ours({ name: "c", text: `${"x".repeat(65_530)}SharedAccessKey=aGVsbG8gd29ybGQ=` }),
      [/^error .*SharedAccessKey/u],
    ],
    [
      "a connection string in lower case",
      ours({ name: "c", text: "sharedaccesskey=aGVsbG8gd29ybGQ=" }),
      [/^error .*SharedAccessKey/u],
    ],
    [
      "docker credentials",
      ours({ name: "config.json", text: '{"auths": {"x.example": {"auth": "dTpw"}}}' }),
      [/^error .*docker credentials/u],
    ],
    [
      "a key of the user",
      ours({ name: "n", text: "k=0123456789abcdefXYZ;" }),
      [/^error .*credential file/u],
    ],
    [
      "a key in the environment",
      { ...ours(NODE), config: { Env: ["ORT_DISABLE_TELEMETRY=1", "K=0123456789abcdefXYZ"] } },
      [/^error .*config .*credential file/u],
    ],
  ] as const) {
    test(`${what}: ${expected.length === 0 ? "nothing" : "one problem"}`, async (t) => {
      const folder = await tempFolder(t);
      const layout = await writeLayout(folder, forgery);
      const { problems, images } = await verifyImage(layout, {
        secrets: ["0123456789abcdefXYZ"],
        workingFolder: folder,
        temporaryFolder: folder,
        hostPlatform: "linux/none",
        env: {},
        progress: () => {},
      });
      assert.equal(images[0]?.platform, "linux/amd64");
      assert.equal(problems.length, expected.length, JSON.stringify(problems));
      for (const [at, pattern] of expected.entries()) {
        const { severity, message } = problems[at] ?? { severity: "note", message: "" };
        assert.match(`${severity} ${message}`, pattern);
      }
    });
  }

  const MODEL = `${MODELS_FOLDER}/pump/1/pump.onnx`;
  const digest = createHash("sha256").update("weights").digest("hex");
  const recorded = (sha256: string): Member => ({
    name: ENDPOINT_FILE,
    text: JSON.stringify({
      deployments: [
        {
          name: "blue",
          model: { name: "pump", version: "1", path: "azureml-models/pump/1/pump.onnx", sha256 },
        },
      ],
    }),
  });
  for (const [what, sha256, layer, members, expected] of [
    ["as it is recorded", digest, "model pump:1", [{ name: MODEL, text: "weights" }], undefined],
    ["a prepared copy", digest, "graph of pump:1", [{ name: MODEL, text: "copy" }], undefined],
    [
      "another one than recorded",
      digest,
      "model pump:1",
      [{ name: MODEL, text: "weightZ" }],
      /blue has the digest [0-9a-f]{64}, not/u,
    ],
    [
      "recorded under no digest",
      digest.replace(/^.{3}/u, "Zbc"),
      "graph of pump:1",
      [{ name: MODEL, text: "copy" }],
      /blue is recorded under "Zbc[0-9a-f]+", which is no SHA-256/u,
    ],
    ["not there", digest, "model pump:1", [{ name: "a" }], /of blue, \/var\/.*, is not in it/u],
  ] as const) {
    test(`a model: ${what}`, async (t) => {
      const folder = await tempFolder(t);
      const layers = [[NODE], members, [recorded(sha256)]];
      const layout = await writeLayout(folder, { layers, names: ["system", layer, "endpoint"] });
      const { problems } = await verifyImage(layout, quiet(folder));
      assert.equal(problems.length, expected === undefined ? 0 : 1, JSON.stringify(problems));
      if (expected !== undefined) assert.match(problems[0]?.message ?? "", expected);
    });
  }

  for (const text of ["no JSON", "{}"]) {
    test(`an endpoint that is ${text}: refused`, async (t) => {
      const folder = await tempFolder(t);
      const layout = await writeLayout(folder, ours({ name: ENDPOINT_FILE, text }));
      await assert.rejects(verifyImage(layout, quiet(folder)), /IMAGE_BROKEN: .*endpoint\.json/u);
    });
  }

  for (const [file, text] of [
    ["index.json", '{"manifests": []}'],
    ["manifest.json", "[]"],
  ] as const) {
    test(`an empty ${file} is no image that passes`, async (t) => {
      const folder = await tempFolder(t);
      await writeFile(join(folder, file), text);
      await assert.rejects(verifyImage(folder, quiet(folder)), /holds no image/u);
    });
  }

  const served: Member = { name: ENDPOINT_FILE, text: '{"deployments": []}' };
  test("a list that calls an image of another platform its own is refused", async (t) => {
    const folder = await tempFolder(t);
    const layout = await writeLayout(folder, ours(NODE));
    const path = join(layout, "index.json");
    const index = JSON.parse(await readFile(path, "utf8")) as { manifests: object[] };
    const platform = { os: "linux", architecture: "riscv64" };
    await writeFile(path, JSON.stringify({ manifests: [{ ...index.manifests[0], platform }] }));
    await assert.rejects(
      verifyImage(layout, quiet(folder)),
      /lists an image for linux\/riscv64, whose config says linux\//u,
    );
  });

  test("an archive that grows without end is refused, and its name told", async (t) => {
    const folder = await tempFolder(t);
    const file = join(folder, "bomb.tar.gz");
    const pack = tar.pack();
    const bytes = 400 * 2 ** 20;
    const entry = pack.entry({ name: "blobs/sha256/zeros", size: bytes });
    const zeros = Readable.from(
      (function* () {
        for (let at = 0; at < bytes; at += 2 ** 20) yield Buffer.alloc(2 ** 20);
      })(),
    );
    const written = pipeline(pack, createGzip({ level: 1 }), createWriteStream(file));
    await pipeline(zeros, entry);
    pack.finalize();
    await written;
    await assert.rejects(
      verifyImage(file, quiet(folder)),
      (error) =>
        error instanceof UserError && /bomb\.tar\.gz grows to more than/u.test(error.message),
    );
    assert.deepEqual(await readdir(folder), ["bomb.tar.gz"]);
  });

  for (const [what, member, hostPlatform, kind, reason] of [
    ["another platform", served, "linux/none", "archive", /this machine is linux\/none/u],
    ["no endpoint", NODE, "linux/amd64", "archive", /it has no \/var\/azureml-app\//u],
    ["no engine for a layout", served, "linux/amd64", "layout", /none\.sock refuses: ENOENT/u],
    ["no engine for a tar", served, "linux/amd64", "archive", /none\.sock refuses: ENOENT/u],
  ] as const) {
    test(`${what}: says why nothing was scored`, async (t) => {
      const folder = await tempFolder(t);
      const layout = await writeLayout(folder, ours(member));
      const file = join(folder, "image.tar");
      await writeFile(file, await dockerArchive(layout, "pump:1"));
      const { images } = await verifyImage(kind === "layout" ? layout : file, {
        secrets: [],
        workingFolder: folder,
        temporaryFolder: folder,
        hostPlatform,
        env: { DOCKER_HOST: `unix://${folder}/none.sock` },
        progress: () => {},
      });
      assert.deepEqual(images[0]?.scored, []);
      assert.match(images[0]?.unscored ?? "", reason);
    });
  }
});
