/** Batch endpoints as images: what `build` writes beside them, and jobs in containers under their limits. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

import type Docker from "dockerode";
import { Job } from "kubernetes-models/batch/v1/Job";
import type { IJob } from "kubernetes-models/batch/v1/Job";
import { pack } from "tar-stream";

import { numberFiles, USUAL_SCRIPT } from "../../support/batch.ts";
import { edgewright, edgewrightJson } from "../../support/edgewright.ts";
import type { Told } from "../../support/job-module.ts";
import { addressOf, docker, NO_ENGINE, removeImages, startModule } from "../support/container.ts";
import { joinCreateOptions } from "../support/create-options.ts";
import { ownBind, ownTag } from "../support/own-names.ts";
import { CACHE_HOME, keepLock, NO_BASE, takeLock } from "../support/shared-cache.ts";
import { tempFolder } from "../support/temp-folder.ts";

const HOST = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
const MIB = 1024 * 1024;

type Built = {
  readonly folder: string;
  readonly name: string;
  readonly files: Readonly<Record<"image" | "manifest" | "kubernetes" | "slurm", string>>;
};

async function built(t: TestContext, output: string): Promise<Built> {
  const folder = await tempFolder(t);
  await mkdir(join(folder, "code"));
  await writeFile(join(folder, "code/score.py"), USUAL_SCRIPT);
  await writeFile(
    join(folder, "spec.yml"),
    `name: Numbers
type: batch
auth_mode: none
deployments:
  blue:
    code_configuration: {code: ./code, scoring_script: score.py}
    resources: {instance_count: 3, limits: {cpu: "0.5", memory: 128Mi}}
    settings: {mini_batch_size: 5, error_threshold: 10, output_file_name: append_row.txt}
`,
  );
  await takeLock(folder);
  const { code, document } = await edgewrightJson(
    ["build", "spec.yml", "-o", output, "--platform", HOST, "--tag", ownTag("numbers")],
    { cwd: folder, env: { XDG_CACHE_HOME: CACHE_HOME } },
  );
  assert.equal(code, 0, JSON.stringify(document.problems));
  await keepLock(folder);
  return { folder, ...(document as unknown as Omit<Built, "folder">) };
}

void suite("the image of a batch endpoint", { skip: NO_BASE }, () => {
  void test("has the manifests of job engines beside it, as batch render prints them for it", async (t) => {
    const { folder, name, files } = await built(t, "archive:numbers.tar");
    const render = async (...flags: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await edgewright(["batch", "render", "spec.yml", ...flags], {
        cwd: folder,
      });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const kubernetes = await readFile(files.kubernetes, "utf8");
    assert.equal(kubernetes, await render("--engine=kubernetes", `--image=${name}`));
    assert.equal(await readFile(files.slurm, "utf8"), await render("--engine=slurm"));

    const job = JSON.parse(kubernetes) as IJob;
    new Job(job).validate();
    const { spec } = job;
    const pod = spec?.template.spec;
    const [container] = pod?.containers ?? [];
    assert.deepEqual([spec?.completions, container?.image], [3, name]);
    assert.deepEqual(container?.args, [
      "batch",
      "--input=/data/input",
      "--output=/data/output",
      "--shard=auto",
    ]);
    assert.deepEqual(pod?.volumes?.[0]?.persistentVolumeClaim, { claimName: "numbers-data" });

    const { modulesContent } = JSON.parse(await readFile(files.manifest, "utf8")) as {
      modulesContent: {
        $edgeAgent: {
          "properties.desired": {
            modules: Record<string, { settings: Record<string, string>; status: string }>;
          };
        };
      };
    };
    const module = modulesContent.$edgeAgent["properties.desired"].modules["numbers"];
    assert.equal(module?.status, "running");
    const { HostConfig } = joinCreateOptions(module?.settings ?? {}) as {
      HostConfig: Readonly<Record<string, unknown>>;
    };
    assert.deepEqual(HostConfig["Binds"], ["numbers-data:/data"]);
    // Three nodes' worth, and the router's own.
    assert.deepEqual([HostConfig["NanoCpus"], HostConfig["Memory"]], [1.5e9, (3 * 128 + 96) * MIB]);
  });

  void test(
    "scores 1,003 files within 0.5 CPU and 256 MB: read-only root, numeric user, output on a volume",
    { skip: NO_ENGINE },
    async (t) => {
      const { files, name } = await built(t, "archive:numbers.tar");
      await promisify(execFile)("docker", ["load", "-i", files.image]);
      const volume = ownBind("files");
      const container = await docker.createContainer({
        Image: name,
        Cmd: ["batch", "--input=/data/in", "--output=/data/out", "--node-count=1"],
        HostConfig: {
          NanoCpus: 0.5e9,
          Memory: 256 * MIB,
          MemorySwap: 256 * MIB,
          PidsLimit: 512,
          ReadonlyRootfs: true,
          CapDrop: ["ALL"],
          SecurityOpt: ["no-new-privileges"],
          Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=16m" },
          Binds: [`${volume}:/data`],
        },
      });
      t.after(async () => {
        await container.remove({ force: true });
        await docker.getVolume(volume).remove();
        await removeImages(name);
      });
      await putFiles(container, numberFiles(1003, 10));
      const begun = performance.now();
      await container.start();
      await container.wait();
      const seconds = (performance.now() - begun) / 1000;
      const { State, Config } = await container.inspect();
      const log = (await container.logs({ stdout: true, stderr: true })).toString("utf8");
      assert.deepEqual([State.ExitCode, State.OOMKilled], [0, false], log);
      assert.equal(Config.User, "10001:10001");
      const rows = await fileIn(container, "/data/out/append_row.txt");
      const lines = rows.split("\n").slice(0, -1);
      assert.deepEqual([lines.length, new Set(lines).size], [993, 993]);
      const report = JSON.parse(await fileIn(container, "/data/out/report.json")) as {
        totals: { files: number; succeeded: number; failed: number };
      };
      const { files: all, succeeded, failed } = report.totals;
      assert.deepEqual([all, succeeded, failed], [1003, 993, 10]);
      t.diagnostic(`${seconds.toFixed(1)} s within 0.5 CPU and 256 MiB`);
    },
  );

  void test(
    "takes jobs as a module, with the createOptions of its manifest",
    { skip: NO_ENGINE },
    async (t) => {
      const { files } = await built(t, "docker");
      const container = await startModule(t, files.manifest);
      const url = await addressOf(container);
      await putFiles(container, numberFiles(103, 4));
      const ask = async (method: string, path: string, body?: object): Promise<Response> => {
        for (let tries = 0; ; tries += 1) {
          try {
            return await fetch(url + path, { method, body: body ? JSON.stringify(body) : null });
          } catch (error) {
            if (tries > 100) throw error;
            await wait(100);
          }
        }
      };
      const asked = await ask("POST", "/jobs", { input: "in", output: "out" });
      assert.equal(asked.status, 202, await asked.clone().text());
      const { id } = (await asked.json()) as Told;
      let told = (await (await ask("GET", `/jobs/${id}`)).json()) as Told;
      while (told.status === "queued" || told.status === "running") {
        await wait(200);
        told = (await (await ask("GET", `/jobs/${id}`)).json()) as Told;
      }
      assert.equal(told.status, "complete", JSON.stringify(told));
      const result = await ask("GET", `/jobs/${id}/result`);
      assert.equal((await result.text()).split("\n").length, 100);
      await container.stop({ t: 10 });
      assert.equal((await container.inspect()).State.ExitCode, 0);
    },
  );
});

/** Into `/data/in`, readable for whoever the container runs as. */
async function putFiles(
  container: Docker.Container,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  const archive = pack();
  archive.entry({ name: "in/", type: "directory", mode: 0o755 });
  for (const [name, content] of Object.entries(files)) {
    archive.entry({ name: `in/${name}`, mode: 0o644 }, content);
  }
  archive.finalize();
  await container.putArchive(await buffer(archive), { path: "/data" });
}

/** The only entry of the archive that the engine gives for a path. */
async function fileIn(container: Docker.Container, path: string): Promise<string> {
  const archive = await buffer(await container.getArchive({ path }));
  // @source POSIX ustar header: size in octal at 124, the content from 512 on
  const size = Number.parseInt(archive.toString("latin1", 124, 135), 8);
  return archive.toString("utf8", 512, 512 + size);
}
