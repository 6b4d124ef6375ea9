import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import { encodeModel } from "../../../scripts/onnx/model.ts";
import { prepareModel } from "../../../src/model/prepare/prepared-model.ts";
import { preparedFiles } from "../../../src/model/prepare/shipped.ts";
import { hostPrograms } from "../../../src/packager/programs.ts";
import { diffImages } from "../../../src/packager/update/image-diff.ts";
import { network } from "../../model/prepare/models.ts";
import { docker, NO_ENGINE } from "../support/container.ts";
import { deployment, endpoint } from "../support/endpoints.ts";
import { makePackageRoot } from "../support/package-root.ts";
import { isThere, NO_BASE, packHere } from "../support/shared-cache.ts";

const absent = ["docker-registry", "skopeo"].find((program) => !isThere(program));
const skip =
  NO_BASE || NO_ENGINE || (absent === undefined ? false : `${absent} is not on this machine`);

const MLP = { inputs: 1024, hidden: 2048, outputs: 10 };
const PLATFORM = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";

suite("a real pull", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-pull-"));
  let registry: Registry;

  before(async () => {
    registry = await startRegistry(folder);
  });
  after(async () => {
    await registry.stop();
    rmSync(folder, { recursive: true });
  });

  const build = async (name: string, headSeed: number, description: string): Promise<string> => {
    const path = join(folder, "net.onnx");
    writeFileSync(path, encodeModel(network(MLP, headSeed)));
    const options = { weights: "external" as const, cacheFolder: join(folder, "cache") };
    const { inspection, preparation } = await prepareModel(path, options);
    assert.ok(inspection !== undefined && preparation !== undefined);
    const model = { name: "net", version: "1", path };
    const file = join(folder, `${name}.tar`);
    await packHere(endpoint({ description, deployments: [deployment({ model })] }), {
      output: { kind: "archive", file },
      packageRoot: await makePackageRoot(join(folder, `package-${name}`)),
      specFolder: folder,
      platforms: [PLATFORM],
      models: new Map([[path, preparedFiles(preparation, inspection.sha256)]]),
    });
    await registry.push(file, name);
    return file;
  };

  test("costs what diff says, to the byte", async (t) => {
    const old = await build("old", 2, "first");
    const line = await build("line", 2, "second");
    const head = await build("head", 3, "second");
    t.after(() => registry.forget(["old", "line", "head"]));
    await registry.pull("old");
    for (const [from, to, name, most] of [
      [old, line, "line", 50_000],
      [line, head, "head", 100_000],
    ] as const) {
      const { cost } = await diffImages(from, to, {
        platform: PLATFORM,
        engine: "overlay2",
        oldLoaded: false,
        workingFolder: folder,
        temporaryFolder: folder,
        env: process.env,
      });
      assert.equal(await registry.pull(name), cost.bytes, name);
      assert.ok(cost.bytes <= most, `${name}: ${cost.bytes} bytes`);
    }
  });
});

type Registry = Awaited<ReturnType<typeof startRegistry>>;

async function startRegistry(folder: string) {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const config = join(folder, "registry.yml");
  writeFileSync(
    config,
    `version: 0.1\nlog: {level: info, formatter: json}\nstorage: {filesystem: {rootdirectory: ${folder}/registry}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
  );
  const child = spawn("docker-registry", ["serve", config], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stdout.on("data", (chunk) => (log += String(chunk)));
  child.stderr.on("data", (chunk) => (log += String(chunk)));
  const repository = `127.0.0.1:${port}/edgewright-test`;
  while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    push: async (file: string, tag: string): Promise<void> => {
      const args = [
        "copy",
        "--dest-tls-verify=false",
        `oci-archive:${file}`,
        `docker://${repository}:${tag}`,
      ];
      const pushed = await hostPrograms(process.env)("skopeo", args, { cwd: folder });
      assert.ok(pushed.found && pushed.exitCode === 0, JSON.stringify(pushed));
    },
    /** Bytes that the registry handed out: blobs, and the manifest once. */
    pull: async (tag: string): Promise<number> => {
      log = "";
      const stream = await docker.pull(`${repository}:${tag}`);
      await new Promise((resolve, reject) => {
        docker.modem.followProgress(stream, (error, output) => {
          if (error) reject(error);
          else resolve(output);
        });
      });
      return fetchedBytes(log);
    },
    forget: async (tags: readonly string[]): Promise<void> => {
      for (const tag of tags) await docker.getImage(`${repository}:${tag}`).remove();
    },
    stop: async (): Promise<void> => {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/v2/`).then(
    () => true,
    () => false,
  );
}

function fetchedBytes(log: string): number {
  let blobs = 0;
  let manifest = 0;
  for (const line of log.split("\n")) {
    if (
      !line.includes('"http.response.status":200') ||
      !line.includes('"http.request.method":"GET"')
    )
      continue;
    const entry = JSON.parse(line) as Record<string, unknown>;
    const uri = String(entry["http.request.uri"]);
    const bytes = Number(entry["http.response.written"]);
    if (uri.includes("/blobs/")) blobs += bytes;
    else if (uri.includes("/manifests/")) manifest = bytes;
  }
  return blobs + manifest;
}
