import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import { docker, NO_ENGINE, removeImages } from "../../packager/support/container.ts";
import { ownTag } from "../../packager/support/own-names.ts";
import { CACHE_HOME, isThere, NO_BASE } from "../../packager/support/shared-cache.ts";
import { edgewrightJson } from "../../support/edgewright.ts";
import type { Document } from "../../support/edgewright.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";

const HOST = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
const NO_SKOPEO = isThere("skopeo") ? false : "skopeo is not on this machine";
const SAVED = ownTag("base-saved");
const COMMITTED = ownTag("base-committed");

type Built = { readonly images: readonly { readonly layers: readonly { diffId: string }[] }[] };

suite("--base, from whatever writes images", { skip: NO_BASE || NO_SKOPEO || NO_ENGINE }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-bases-"));
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const edgewright = async (...args: string[]) =>
    edgewrightJson(args, { cwd: folder, env: { XDG_CACHE_HOME: CACHE_HOME } });
  const build = async (base: string) => {
    rmSync(join(folder, "image.lock.json"), { force: true });
    const output = ["-o", "archive:pump.tar", "--platform", HOST, "--base", base];
    return edgewright("build", "endpoint.yml", ...output);
  };

  let saved: readonly string[] = [];

  before(async () => {
    const model = `{model: {path: ${FIXTURE_MODELS}double.onnx}}`;
    writeFileSync(join(folder, "endpoint.yml"), `name: based\ndeployments: {blue: ${model}}\n`);
    const saving = ["base", "save", "assembled", "-o", "base.tar", "--platform", HOST];
    const { code, document } = await edgewright(...saving);
    assert.equal(code, 0, JSON.stringify(document.problems));
    run("skopeo", "copy", "oci-archive:base.tar", "oci:layout:base");
    run("skopeo", "copy", "--dest-compress-format", "zstd", "oci:layout:base", "oci:zstd:base");
    run("skopeo", "copy", "--dest-compress-format", "gzip", "oci:zstd:base", "oci:gzip:base");
    run("skopeo", "copy", "oci:layout:base", `docker-archive:copied.tar:${SAVED}`);
    run("docker", "load", "-i", "copied.tar");
    run("docker", "save", "-o", "saved.tar", SAVED);
    run("gzip", "-k", "saved.tar");
    const container = await docker.createContainer({ Image: SAVED, Cmd: ["--version"] });
    await container.commit({ repo: COMMITTED.split(":")[0] ?? "", tag: "1" });
    await container.remove();
    run("docker", "save", "-o", "two.tar", SAVED, COMMITTED);
    saved = baseOf((await build("oci-archive:base.tar")).document);
    assert.equal(saved.length, 2);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await removeImages(SAVED);
    await removeImages(COMMITTED);
  });

  /** Unpacked, of the base's two layers. */
  function baseOf(document: Document): readonly string[] {
    const record = (document["files"] as { readonly record: string }).record;
    const { images } = JSON.parse(readFileSync(record, "utf8")) as Built;
    return images[0]?.layers.slice(0, 2).map(({ diffId }) => diffId) ?? [];
  }

  for (const [base, isScored] of [
    ["docker-archive:base.tar", false],
    ["oci:layout", false],
    ["oci:gzip", true],
    ["docker-archive:copied.tar", false],
    ["docker-archive:saved.tar", false],
    ["docker-archive:saved.tar.gz", true],
    [`docker-daemon:${SAVED}`, false],
    [`docker-daemon:${COMMITTED}`, true],
  ] as const) {
    const named = base.replace(/edgewright-test-\w+-/u, "");
    test(`${named}: the same system and Node${isScored ? ", and the image scores" : ""}`, async () => {
      const { code, document } = await build(base);
      assert.equal(code, 0, JSON.stringify(document.problems));
      assert.deepEqual(baseOf(document), saved);
      if (!isScored) return;
      const verified = await edgewright("verify", "pump.tar");
      const [image] = verified.document["images"] as readonly { readonly scored: unknown }[];
      assert.deepEqual(image?.scored, ["blue"], JSON.stringify(verified.document));
    });
  }

  for (const [base, code, message, hint] of [
    ["oci:zstd", "IMAGE_BROKEN", /compressed with zstd/u, /--dest-compress-format gzip/u],
    ["oci:nowhere", "IMAGE_SOURCE", /no image at .*nowhere/u, /oci-archive:FILE/u],
    ["oci:base.tar", "IMAGE_SOURCE", /is a file, and oci: is not/u, /oci-archive:FILE/u],
    ["docker-daemon:nobody.example/x:1", "IMAGE_SOURCE", /has no image nobody/u, /docker pull/u],
    ["docker-archive:two.tar", "IMAGE_PLATFORM", /has 2 images for linux/u, /one of them/u],
    ["oci-archive:endpoint.yml", "IMAGE_BROKEN", /endpoint\.yml is no tar/u, /again/u],
    ["base.tar", "CLI_UNSUPPORTED", /"base\.tar"/u, /^Write oci-archive:base\.tar\.$/u],
    ["layout", "CLI_UNSUPPORTED", /"layout"/u, /^Write oci:layout\.$/u],
    [
      "docker://debian:12",
      "CLI_UNSUPPORTED",
      /none of auto/u,
      /skopeo copy docker:\/\/debian:12 /u,
    ],
  ] as const) {
    test(`${base} is refused, with a way out`, async () => {
      const built = await build(base);
      assert.equal(built.code, 1);
      const [problem] = built.document.problems;
      assert.equal(problem?.code, code);
      assert.match(problem?.message ?? "", message);
      assert.match(problem?.hint ?? "", hint);
    });
  }

  test("an update from one of several images is refused, with a way out", async () => {
    const update = ["--max-update", "1GB", "--update-from", "two.tar"];
    const output = ["-o", "archive:updated.tar", "--platform", HOST, "--base", "oci:layout"];
    const { code, document } = await edgewright("build", "endpoint.yml", ...output, ...update);
    assert.equal(code, 1);
    assert.match(document.problems[0]?.message ?? "", /two\.tar has 2 images for linux/u);
    assert.equal(existsSync(join(folder, "updated.tar")), false);
  });

  test("the other platform is refused with the one there is", async () => {
    const other = HOST === "linux/amd64" ? "linux/arm64" : "linux/amd64";
    const output = ["-o", "archive:other.tar", "--platform", other, "--base", "oci:layout"];
    const { code, document } = await edgewright("build", "endpoint.yml", ...output);
    assert.equal(code, 1);
    assert.match(
      document.problems[0]?.message ?? "",
      new RegExp(`has ${HOST}, and not ${other}`, "u"),
    );
  });
});
