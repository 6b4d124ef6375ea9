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
  const [archive, own, onBase, base] = ["archive", "own", "on-base", "base"].map((name) =>
    ownTag(name),
  ) as [string, string, string, string];
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
    // Python and a script: links, folders, and files of every mode there is.
    mkdirSync(join(folder, "code"));
    writeFileSync(
      join(folder, "code", "score.py"),
      "def init():\n    pass\n\n\ndef run(data):\n    return data\n",
    );
    writeFileSync(
      join(folder, "endpoint.yml"),
      "name: built\ndeployments:\n  blue:\n    code_configuration: {code: code, scoring_script: score.py}\n",
    );
    await takeLock(folder);
    await edgewright("build", "endpoint.yml", "-o", "dockerfile:context", "--platform", HOST);
    await edgewright("build", "endpoint.yml", "-o", "docker", "--tag", archive, "--platform", HOST);
    await keepLock(folder);
    await edgewright("base", "save", "assembled", "-o", "base.tar", "--platform", HOST);
    // Loaded as it is it would take a name that somebody else may have given.
    run("skopeo", "copy", "oci-archive:base.tar", `docker-archive:named.tar:${base}`);
    run("docker", "load", "-i", "named.tar");
    const build = ["build", "-q", "-f", `context/${DOCKERFILE}`];
    run("docker", ...build, "-t", own, "context");
    run("docker", ...build, "-t", onBase, "--build-arg", `BASE=${base}`, "context");
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    for (const tag of [archive, own, onBase, base]) await removeImages(tag);
  });

  test("every layer is a step of the Dockerfile, and BASE may be another image", () => {
    const text = readFileSync(join(folder, "context", DOCKERFILE), "utf8");
    assert.match(text, /^ARG BASE=base$/mu);
    assert.match(text, /^FROM \$\{BASE\}$/mu);
  });

  for (const [what, image] of [
    ["docker build of it", own],
    ["docker build of it on a saved base", onBase],
  ] as const) {
    test(`${what}: the same files, modes, owners, times and contents as our own image`, async () => {
      const expected = await filesOf(archive);
      assert.ok(Object.keys(expected).length > 500);
      assert.match(expected["var/azureml-app/code/blue/code/score.py"] ?? "", /^file 644 /u);
      assert.match(expected["usr/local/bin/node"] ?? "", /^file 755 /u);
      assert.deepEqual(await filesOf(image), expected);
    });

    test(`${what}: the same settings`, async () => {
      const settingsOf = async (name: string) => {
        const { Config } = await docker.getImage(name).inspect();
        const { User, ExposedPorts, Env, Entrypoint, WorkingDir, Labels } = Config;
        return { User, ExposedPorts, Env, Entrypoint, WorkingDir, Labels };
      };
      assert.deepEqual(await settingsOf(image), await settingsOf(archive));
    });
  }
});
