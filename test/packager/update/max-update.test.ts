import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";

import { imageOf, indexOf } from "../../../src/packager/image/image.ts";
import { checkUpdate } from "../../../src/packager/update/max-update.ts";
import { tempFolder } from "../support/temp-folder.ts";

suite("checkUpdate", () => {
  test("an update of no layer says that config and manifest are what it costs", async (t) => {
    const folder = await tempFolder(t);
    const config = {
      user: "10001",
      entrypoint: [],
      workingDir: "/",
      env: {},
      ports: [],
      labels: {},
      stopSignal: "SIGTERM",
    };
    const image = imageOf({ platform: "linux/amd64", config, layers: [], created: "" });
    const digest = `sha256:${"0".repeat(64)}`;
    const record = join(folder, "pump.build.json");
    const old = { platform: "linux/amd64", digest, config: digest, layers: [] };
    await writeFile(record, JSON.stringify({ images: [old] }));
    const checked = checkUpdate(indexOf([image]), {
      maxUpdate: { bytes: 0 },
      record,
      workingFolder: folder,
      temporaryFolder: folder,
      env: {},
    });
    await assert.rejects(checked, /--max-update allows 0: config and manifest alone\./u);
  });
});
