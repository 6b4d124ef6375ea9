import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";

import type { PackOptions, PackResult } from "../../src/packager/pack-options.ts";
import { hostPrograms } from "../../src/packager/programs.ts";
import { deployment, endpoint } from "./support/endpoints.ts";
import { makePackageRoot } from "./support/package-root.ts";
import { isThere, NO_BASE, packHere } from "./support/shared-cache.ts";

function without(program: string): string | false {
  return isThere(program) ? false : `${program} is not on this machine`;
}

const AS_ROOT: string | false = process.getuid?.() === 0 ? false : "podman's store here needs root";

suite("other people's tools", { skip: NO_BASE }, () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewright-tools-"));
  const archive = join(folder, "out.tar");
  let packageRoot: string;
  let result: PackResult;

  const build = (output: PackOptions["output"], more: Partial<PackOptions> = {}) => {
    const model = { name: "pump", version: "1", path: join(folder, "pump.onnx") };
    const around = endpoint({ deployments: [deployment({ model })] });
    return packHere(around, { output, packageRoot, specFolder: folder, ...more });
  };
  const call = async (program: string, ...args: readonly string[]): Promise<string> => {
    const finished = await hostPrograms(process.env)(program, args, { cwd: folder });
    assert.ok(finished.found && finished.exitCode === 0, `${program}: ${JSON.stringify(finished)}`);
    return finished.stdout;
  };

  before(async () => {
    writeFileSync(join(folder, "pump.onnx"), "weights");
    packageRoot = await makePackageRoot(join(folder, "package"));
    result = await build({ kind: "archive", file: archive });
  });
  after(() => rmSync(folder, { recursive: true }));

  test(
    "podman loads the archive of two platforms under its name",
    { skip: without("podman") || AS_ROOT },
    async (t) => {
      const name = `docker.io/library/${result.name}`;
      t.after(() => call("podman", "rmi", "--force", name));
      assert.match(await call("podman", "load", "--input", archive), new RegExp(name, "u"));
      const [inspected] = JSON.parse(await call("podman", "image", "inspect", name)) as [
        { Config: { User: string } },
      ];
      assert.equal(inspected.Config.User, "10001:10001");
    },
  );

  test("skopeo copies both platforms", { skip: without("skopeo") }, async () => {
    const copy = `oci:${join(folder, "copy")}:all`;
    await call("skopeo", "copy", "--all", "--quiet", `oci-archive:${archive}`, copy);
    const read = JSON.parse(await call("skopeo", "inspect", copy)) as { Digest: string };
    assert.equal(read.Digest, result.index.digest);
  });

  test("umoci unpacks a layout of one platform", { skip: without("umoci") }, async () => {
    const layout = join(folder, "layout");
    const { name } = await build(
      { kind: "oci", folder: layout },
      { platforms: ["linux/amd64"], workingFolder: folder },
    );
    const image = `${layout}:${name.slice(name.lastIndexOf(":") + 1)}`;
    await call("umoci", "unpack", "--rootless", "--image", image, join(folder, "bundle"));
    for (const path of ["opt/edgewright/src/runtime/main.js", "usr/local/bin/node"])
      assert.ok(existsSync(join(folder, "bundle", "rootfs", path)), path);
  });
});
