import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { extract } from "tar-stream";

import { docker, NO_ENGINE, removeImages } from "../../packager/support/container.ts";
import { ownTag } from "../../packager/support/own-names.ts";
import {
  CACHE_HOME,
  isThere,
  keepLock,
  NO_BASE,
  takeLock,
} from "../../packager/support/shared-cache.ts";
import { edgewrightJson } from "../../support/edgewright.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";

const HOST = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
const DOCKERFILE = process.arch === "arm64" ? "Dockerfile.arm64v8" : "Dockerfile.amd64";
const NO_PROGRAM = ["docker", "skopeo"].find((program) => !isThere(program));
const NO_DOCKER = NO_PROGRAM === undefined ? NO_ENGINE : `${NO_PROGRAM} is not on this machine`;

/** What an engine puts into every container; it touches the folders that these are in. */
const OF_THE_ENGINE =
  /^(?:\.dockerenv|(?:dev|proc|sys)\/.*|etc\/(?:|hostname|hosts|resolv\.conf|mtab))$/u;

/** Path → type, mode, owner, time, target and content of everything in the image. */
async function filesOf(image: string): Promise<Record<string, string>> {
  const container = await docker.createContainer({ Image: image });
  const files: Record<string, string> = {};
  try {
    const tar = extract();
    (await container.export()).pipe(tar);
    for await (const entry of tar) {
      const { name, type, mode, uid, gid, mtime, linkname } = entry.header;
      const hash = createHash("sha256");
      for await (const chunk of entry) hash.update(chunk as Buffer);
      const seconds = (mtime?.getTime() ?? 0) / 1000;
      if (!OF_THE_ENGINE.test(name))
        files[name] =
          `${type} ${((mode ?? 0) & 0o7777).toString(8)} ${uid}:${gid} ${seconds} ${linkname ?? ""} ${hash.digest("hex")}`;
    }
  } finally {
    await container.remove();
  }
  return files;
}

suite("-o dockerfile:", { skip: NO_BASE || NO_DOCKER }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-dockerfile-"));
  const base = ownTag("base");

  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const edgewright = async (...args: string[]) => {
    const env = { XDG_CACHE_HOME: CACHE_HOME };
    const { code, document } = await edgewrightJson(args, { cwd: folder, env });
    assert.equal(code, 0, JSON.stringify(document.problems));
    return document;
  };

  before(async () => {
    mkdirSync(join(folder, "code"));
    writeFileSync(
      join(folder, "code", "score.py"),
      "def init():\n    pass\n\n\ndef run(data):\n    return data\n",
    );
    const script = "{code_configuration: {code: code, scoring_script: score.py}}";
    const model = `{model: {path: ${FIXTURE_MODELS}double.onnx}}`;
    for (const [name, deployment] of [
      ["scripted", script],
      ["modelled", model],
    ] as const)
      writeFileSync(
        join(folder, `${name}.yml`),
        `name: ${name}\ndeployments: {blue: ${deployment}}\n`,
      );
    await takeLock(folder);
    await edgewright("base", "save", "assembled", "-o", "base.tar", "--platform", HOST);
    // Loaded as it is it would take a name that somebody else may have given.
    run("skopeo", "copy", "oci-archive:base.tar", `docker-archive:named.tar:${base}`);
    run("docker", "load", "-i", "named.tar");
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await removeImages(base);
  });

  for (const [what, name, more, file] of [
    ["with a model", "modelled", [], "var/azureml-app/azureml-models/blue/1/double.onnx"],
    ["with Python and a script", "scripted", [], "var/azureml-app/code/blue/code/score.py"],
    [
      "with a model, on a saved base",
      "modelled",
      ["--build-arg", `BASE=${base}`],
      "var/azureml-app/azureml-models/blue/1/double.onnx",
    ],
  ] as const) {
    test(`docker build of a context ${what}: our own image's files and settings`, async (t) => {
      const [archive, built] = [ownTag(`${name}-archive`), ownTag(`${name}-built`)];
      t.after(async () => {
        await removeImages(archive);
        await removeImages(built);
        await removeImages(ownTag("stage"));
      });
      const platform = ["--platform", HOST];
      await edgewright("build", `${name}.yml`, "-o", `dockerfile:${name}`, ...platform);
      await edgewright("build", `${name}.yml`, "-o", "docker", "--tag", archive, ...platform);
      await keepLock(folder);
      run("docker", "build", "-q", "-f", `${name}/${DOCKERFILE}`, "-t", built, ...more, name);
      // A stage that is not used stays in the engine without a name, and would for ever.
      const stage = ["--target", "base", "-t", ownTag("stage")];
      run("docker", "build", "-q", "-f", `${name}/${DOCKERFILE}`, ...stage, name);
      const text = readFileSync(join(folder, name, DOCKERFILE), "utf8");
      assert.match(text, /^ARG BASE=base$/mu);
      assert.equal(text.includes("and the Python packages"), name === "scripted");

      const expected = await filesOf(archive);
      assert.match(expected["usr/local/bin/node"] ?? "", /^file 755 0:0 0 /u);
      assert.match(expected[file] ?? "", /^file 644 0:0 0 /u);
      assert.deepEqual(await filesOf(built), expected);
      assert.deepEqual(await settingsOf(built), await settingsOf(archive));
    });
  }
});

async function settingsOf(image: string): Promise<object> {
  const { Config } = await docker.getImage(image).inspect();
  const { User, ExposedPorts, Env, Entrypoint, WorkingDir, Labels } = Config;
  return { User, ExposedPorts, Env, Entrypoint, WorkingDir, Labels };
}
