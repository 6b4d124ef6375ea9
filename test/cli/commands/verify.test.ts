import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { after, before, suite, test } from "node:test";

import { openEngine } from "../../../src/packager/engine/engine.ts";
import { docker, NO_ENGINE, removeImages } from "../../packager/support/container.ts";
import { dockerArchive, NODE, writeLayout } from "../../packager/support/forged-image.ts";
import { ownTag } from "../../packager/support/own-names.ts";
import {
  CACHE,
  CACHE_HOME,
  keepLock,
  NO_BASE,
  takeLock,
} from "../../packager/support/shared-cache.ts";
import { edgewrightJson } from "../../support/edgewright.ts";
import { FIXTURE_MODELS, REPOSITORY } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const HOST = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";

type Verified = {
  readonly platform: string;
  readonly scored: readonly string[];
  readonly unscored?: string;
};

suite("edgewright verify tries the image of this machine", { skip: NO_ENGINE || NO_BASE }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-verify-"));
  after(() => rmSync(folder, { recursive: true }));
  // In the image's config, so that the engine has no image of that digest from anybody else.
  const name = `verify-${randomUUID().slice(0, 8)}`;
  const tag = ownTag("verified");
  const env = { XDG_CACHE_HOME: CACHE_HOME };

  before(async () => {
    const model = `{model: {path: ${FIXTURE_MODELS}double.onnx}}`;
    writeFileSync(join(folder, "endpoint.yml"), `name: ${name}\ndeployments: {blue: ${model}}\n`);
    await takeLock(folder);
    for (const output of ["archive:pair.tar", "oci:layout"]) {
      const args = ["build", "endpoint.yml", "-o", output, "--tag", tag];
      const { code, document } = await edgewrightJson(args, { cwd: folder, env });
      assert.equal(code, 0, JSON.stringify(document.problems));
    }
    await keepLock(folder);
    assert.ok(existsSync(CACHE));
    const tar = (file: string, from: string, ...more: string[]) =>
      execFileSync("tar", ["-cf", join(folder, file), "-C", join(folder, from), ...more]);
    tar("nameless.tar", "layout", "--exclude=manifest.json", ".");
    const manifest = join(folder, "layout", "manifest.json");
    const listed = JSON.parse(readFileSync(manifest, "utf8")) as object[];
    writeFileSync(manifest, JSON.stringify(listed.map((one) => ({ ...one, RepoTags: null }))));
    tar("untagged.tar", "layout", "--exclude=index.json", "--exclude=oci-layout", ".");
  });

  /** Of this machine's platform. */
  function configDigest(): string {
    const listed = JSON.parse(
      readFileSync(join(folder, "layout", "manifest.json"), "utf8"),
    ) as readonly { readonly Config: string }[];
    const blobs = listed.map(({ Config }) => Config);
    const ours = blobs.find((path) => {
      const config = JSON.parse(readFileSync(join(folder, "layout", path), "utf8")) as {
        readonly architecture: string;
      };
      return config.architecture === HOST.slice("linux/".length);
    });
    return `sha256:${ours?.split("/").at(-1)}`;
  }

  async function isGone(): Promise<void> {
    const digest = configDigest();
    await assert.rejects(docker.getImage(digest).inspect(), /no such image/iu);
    const containers = await docker.listContainers({ all: true });
    assert.deepEqual(
      containers.filter(({ ImageID }) => ImageID === digest),
      [],
    );
  }

  for (const [what, image] of [
    ["an archive of two platforms", "pair.tar"],
    ["a layout folder", "layout"],
    ["a layout's tar without a name", "nameless.tar"],
    ["a docker archive without a name", "untagged.tar"],
  ] as const) {
    test(`${what}: scored, and nothing of it stays in the engine`, async () => {
      const { code, document } = await edgewrightJson(["verify", image], { cwd: folder });
      assert.equal(code, 0, JSON.stringify(document.problems));
      const images = document["images"] as readonly Verified[];
      assert.deepEqual(images.map(({ platform }) => platform).toSorted(), [
        "linux/amd64",
        "linux/arm64",
      ]);
      for (const { platform, scored, unscored } of images)
        if (platform === HOST) assert.deepEqual([scored, unscored], [["blue"], undefined]);
        else assert.match(unscored ?? "", /this machine is/u);
      await isGone();
    });
  }

  test("an image that has the archive's name already keeps it", async (t) => {
    const other = await writeLayout(tempFolder(t), { layers: [[NODE]] });
    const engine = await openEngine(process.env);
    t.after(() => removeImages(tag));
    await engine.load(Readable.from([await dockerArchive(other, tag)]), tag);
    const { Id } = await docker.getImage(tag).inspect();
    const { code } = await edgewrightJson(["verify", "pair.tar"], { cwd: folder });
    assert.equal(code, 0);
    assert.equal((await docker.getImage(tag).inspect()).Id, Id);
    await isGone();
  });

  test("Ctrl-C of a diff leaves no folder", async (t) => {
    const temp = tempFolder(t);
    const args = [`${REPOSITORY}bin/edgewright.js`, "diff", "pair.tar", "pair.tar"];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      stdio: "ignore",
      env: { ...process.env, TMPDIR: temp },
    });
    t.after(() => child.kill("SIGKILL"));
    const exit = once(child, "exit");
    while (readdirSync(temp).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGINT");
    assert.deepEqual(await exit, [130, null]);
    assert.deepEqual(readdirSync(temp), []);
  });

  const wait = (milliseconds: number) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));
  const hasContainer = async (): Promise<boolean> => {
    const containers = await docker.listContainers({ all: true });
    return containers.some(({ ImageID }) => ImageID === configDigest());
  };
  for (const [moment, comes] of [
    ["while the engine loads", () => wait(30)],
    [
      "while the container starts",
      async () => {
        while (!(await hasContainer())) await wait(20);
      },
    ],
  ] as const) {
    test(`Ctrl-C ${moment} leaves no image, no container and no folder`, async (t) => {
      const temp = tempFolder(t);
      const args = [`${REPOSITORY}bin/edgewright.js`, "verify", "pair.tar"];
      const child = spawn(process.execPath, args, {
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
        env: { ...process.env, TMPDIR: temp },
      });
      t.after(() => child.kill("SIGKILL"));
      const exit = once(child, "exit");
      for await (const line of createInterface(child.stderr))
        if (line.endsWith("a score in a container")) break;
      await comes();
      child.kill("SIGINT");
      assert.deepEqual(await exit, [130, null]);
      assert.deepEqual(readdirSync(temp), []);
      await isGone();
    });
  }
});
