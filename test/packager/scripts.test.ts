/** Does a scoring script say the same in the image as on this machine, with Debian's packages around it? */

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { BYTECODE_FOLDER } from "../../src/core/bytecode-folder.ts";
import { edgewrightJson, startRun } from "../support/edgewright.ts";
import { post, withoutPython } from "../support/script.ts";
import { addressOf, NO_ENGINE, startModule, untilLogged } from "./support/container.ts";
import { ownTag } from "./support/own-names.ts";
import { REPOSITORY } from "./support/repository.ts";
import { CACHE_HOME, NO_BASE, takeLock } from "./support/shared-cache.ts";
import { tempFolder } from "./support/temp-folder.ts";

const EXAMPLES = join(REPOSITORY, "examples");
const BODY = JSON.stringify({ vibration: [Array.from({ length: 512 }, (_, n) => Math.sin(n))] });

const HOST = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";

const SKIP = NO_BASE || NO_ENGINE || withoutPython("numpy");

void suite("a script with numpy in a container", { skip: SKIP }, () => {
  void test("answers as it does here, and its image says what Python costs", async (t) => {
    const folder = await tempFolder(t);
    const place = join(folder, "scoring-scripts");
    await cp(join(EXAMPLES, "scoring-scripts"), place, { recursive: true });
    const models = "bearing-monitor/models/bearing-mlp";
    await cp(join(EXAMPLES, models), join(folder, models), { recursive: true });
    await takeLock(place);
    const { code, document } = await edgewrightJson(
      ["build", "numpy.yml", "-o", "docker", "--platform", HOST, "--tag", ownTag("numpy")],
      {
        cwd: place,
        env: { XDG_CACHE_HOME: CACHE_HOME },
      },
    );
    assert.equal(code, 0, JSON.stringify(document.problems));
    const images = document["images"] as { layers: { name: string; bytes: number }[] }[];
    for (const { layers } of images) {
      const python = layers.find(({ name }) => name.startsWith("Python 3."));
      assert.ok(python && python.bytes > 10e6 && python.bytes < 40e6, JSON.stringify(layers));
    }
    const { manifest } = document["files"] as { manifest: string };
    const container = await startModule(t, manifest);
    await untilLogged(container, '"ready"');
    const inside = await post(await addressOf(container), BODY);
    assert.equal(inside.status, 200, inside.text);

    // Where the next process finds what this one has compiled.
    const list = `import os; print([name for _, _, names in os.walk("${BYTECODE_FOLDER}") for name in names])`;
    const kept = await container.exec({
      Cmd: ["/usr/bin/python3", "-c", list],
      AttachStdout: true,
    });
    assert.match(await text(await kept.start({})), /'serve\.cpython-\d+\.pyc/);

    const here = await startRun(["numpy.yml"], { cwd: place });
    assert.equal(inside.text, (await post(here.url, BODY)).text);
    assert.equal(await here.terminate(), 0);
    await container.stop({ t: 10 });
    assert.equal((await container.inspect()).State.ExitCode, 0);
  });
});
