import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";

import { CACHE_HOME, NO_BASE, takeLock } from "../../packager/support/shared-cache.ts";
import { bytesField, joinBytes } from "../../../src/model/protobuf.ts";
import { edgewrightJson } from "../../support/edgewright.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const COUNT = 60;
/** A few seconds on a quiet machine, once the base is there. */
const MOST_MS = 60_000;
const MOST_KNOWN_MS = 15_000;

/** ModelProto.metadata_props, which preparation leaves. */
const METADATA = 14;

type Planned = { readonly platforms: readonly { readonly layers: readonly object[] }[] };

suite("edgewright plan of sixty deployments", { skip: NO_BASE }, () => {
  for (const [what, isOne] of [
    ["one model", true],
    ["sixty models", false],
  ] as const) {
    test(`${what}: at most 100 layers, in seconds`, async (t) => {
      const folder = tempFolder(t);
      const bytes = readFileSync(`${FIXTURE_MODELS}double.onnx`);
      const numbers = Array.from({ length: COUNT }, (_, at) => at);
      for (const at of isOne ? [0] : numbers) {
        const note = joinBytes([1, 2].map((n) => bytesField(n, Buffer.from(String(at)))));
        writeFileSync(join(folder, `m${at}.onnx`), joinBytes([bytes, bytesField(METADATA, note)]));
      }
      const lines = numbers.map((at) => `  dep${at}: { model: { path: m${isOne ? 0 : at}.onnx } }`);
      writeFileSync(
        join(folder, "endpoint.yml"),
        `name: sixty\ntraffic: { dep0: 100 }\ndeployments:\n${lines.join("\n")}\n`,
      );
      await takeLock(folder);
      const env = { XDG_CACHE_HOME: CACHE_HOME };
      for (const most of [MOST_MS, MOST_KNOWN_MS]) {
        const start = performance.now();
        const { code, document } = await edgewrightJson(["plan", "endpoint.yml"], {
          cwd: folder,
          env,
        });
        assert.equal(code, 0, JSON.stringify(document.problems));
        const { platforms } = document as unknown as Planned;
        assert.equal(platforms.length, 2);
        for (const { layers } of platforms) assert.ok(layers.length <= 100 && layers.length > 50);
        assert.ok(performance.now() - start < most, `${performance.now() - start} ms`);
      }
    });
  }
});
