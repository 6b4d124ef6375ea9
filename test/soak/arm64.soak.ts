/** The image for arm64, run under QEMU, answers as this machine does. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";

import {
  addressOf,
  docker,
  NO_ENGINE,
  removeImages,
  untilLogged,
} from "../packager/support/container.ts";
import { ownTag } from "../packager/support/own-names.ts";
import { isThere, NO_BASE } from "../packager/support/shared-cache.ts";
import { edgewrightJson, startRun } from "../support/edgewright.ts";
import { REPOSITORY } from "../support/repository.ts";

/** Sums in another order: another architecture is never bitwise equal. */
const RELATIVE = 1e-4;
const MODEL = `${REPOSITORY}examples/bearing-monitor/models/bearing-mlp/1/model.onnx`;

const folder = mkdtempSync(join(tmpdir(), "edgewright-arm64-"));
const skip =
  NO_BASE ||
  NO_ENGINE ||
  (process.arch === "arm64" ? "this machine needs no emulator" : false) ||
  (isThere("dpkg-deb") ? false : "dpkg-deb is not on this machine");

/** QEMU 10 from Debian's backports (the one of Debian 12 crashes), through a private state of apt. */
function downloadQemu(): string | undefined {
  const file = "/etc/apt/sources.list.d/debian.sources";
  if (!existsSync(file)) return undefined;
  const suites = /^Suites: .*$/gmu;
  const sources = readFileSync(file, "utf8").split("\n\n")[0] ?? "";
  writeFileSync(
    join(folder, "backports.sources"),
    sources.replace(suites, "Suites: bookworm-backports"),
  );
  for (const place of ["state", "lists/partial", "cache/archives/partial", "qemu"])
    mkdirSync(join(folder, place), { recursive: true });
  writeFileSync(join(folder, "status"), "");
  const settings = {
    "Dir::Etc::sourcelist": join(folder, "backports.sources"),
    "Dir::Etc::sourceparts": "-",
    "Dir::State": join(folder, "state"),
    "Dir::State::lists": join(folder, "lists"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "APT::Sandbox::User": "root",
    "Acquire::Languages": "none",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  try {
    execFileSync("apt-get", [...options, "-qq", "update"], { cwd: folder, stdio: "ignore" });
    execFileSync("apt-get", [...options, "-qq", "download", "qemu-user"], {
      cwd: folder,
      stdio: "ignore",
    });
    execFileSync("sh", ["-c", "dpkg-deb -x qemu-user_*.deb qemu"], { cwd: folder });
  } catch {
    return undefined;
  }
  return join(folder, "qemu", "usr", "bin", "qemu-aarch64");
}

type Answer = { readonly outputs: Readonly<Record<string, readonly (readonly number[])[]>> };

async function score(url: string): Promise<readonly number[]> {
  const row = Array.from({ length: 512 }, (_, index) => Math.sin(index / 7) / 3);
  const response = await fetch(`${url}/score`, {
    method: "POST",
    body: JSON.stringify({ data: [row] }),
  });
  assert.equal(response.status, 200);
  return Object.values(((await response.json()) as Answer).outputs).flat(2);
}

suite("arm64", { skip }, () => {
  after(() => rmSync(folder, { recursive: true }));

  test("the image scores under QEMU 10", async (t) => {
    const qemu = downloadQemu();
    if (qemu === undefined) return t.skip("qemu-user of bookworm-backports is not to be had");
    const spec = join(folder, "endpoint.yml");
    writeFileSync(
      spec,
      `name: arm\nauth_mode: none\ndeployments: {blue: {model: {path: ${JSON.stringify(MODEL)}}}}\n`,
    );
    const built = await edgewrightJson(
      ["build", spec, "--platform", "linux/arm64", "-o", "docker", "--tag", ownTag("arm")],
      { cwd: folder },
    );
    assert.equal(built.code, 0, built.stderr || JSON.stringify(built.document.problems));
    const image = String(built.document["name"]);
    const { Config } = await docker.getImage(image).inspect();
    const container = await docker.createContainer({
      Image: image,
      platform: "linux/arm64",
      Entrypoint: ["/qemu", ...(Config.Entrypoint as string[])],
      HostConfig: {
        Binds: [`${qemu}:/qemu:ro`],
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        Tmpfs: { "/tmp": "" },
        Memory: 512 * 1024 * 1024,
      },
    });
    t.after(async () => {
      await container.remove({ force: true });
      await removeImages(image);
    });
    await container.start();
    await untilLogged(container, '"ready"');
    const emulated = await score(await addressOf(container));

    const here = await startRun([spec]);
    t.after(() => here.terminate());
    const expected = await score(here.url);
    assert.equal(emulated.length, expected.length);
    for (const [index, value] of expected.entries()) {
      const off = Math.abs((emulated[index] ?? Number.NaN) - value);
      assert.ok(off <= RELATIVE * Math.abs(value), `${index}: ${emulated[index]}, here ${value}`);
    }
  });
});
