import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { suite, test } from "node:test";

import { openEngine } from "../../../src/packager/engine/engine.ts";
import { ENDPOINT_FILE } from "../../../src/packager/layers/places.ts";
import { smokeScore } from "../../../src/packager/verify/smoke.ts";
import type { ResolvedEndpoint } from "../../../src/spec/resolved.ts";
import { edgewrightJson } from "../../support/edgewright.ts";
import { FIXTURE_MODELS } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { docker, NO_ENGINE, removeImages } from "../support/container.ts";
import { endpoint as someEndpoint } from "../support/endpoints.ts";
import { dockerArchive, NODE, writeLayout } from "../support/forged-image.ts";
import { ownTag } from "../support/own-names.ts";
import { CACHE_HOME, NO_BASE } from "../support/shared-cache.ts";

/** As the image holds it, with the samples that its build recorded. */
async function endpointIn(tag: string): Promise<ResolvedEndpoint> {
  const container = await docker.createContainer({ Image: tag });
  try {
    const tar = await buffer(await container.getArchive({ path: `/${ENDPOINT_FILE}` }));
    const bytes = parseInt(tar.toString("latin1", 124, 136), 8);
    return JSON.parse(tar.toString("utf8", 512, 512 + bytes)) as ResolvedEndpoint;
  } finally {
    await container.remove();
  }
}

/** With the numbers of its samples changed. */
function distorted(endpoint: ResolvedEndpoint): ResolvedEndpoint {
  const deployments = endpoint.deployments.map((deployment) => {
    const { model } = deployment;
    const sample = model?.sample?.map((output) => ({
      ...output,
      values: output.values.map((value) => value + 1000),
    }));
    return model === undefined || sample === undefined
      ? deployment
      : { ...deployment, model: { ...model, sample } };
  });
  return { ...endpoint, deployments };
}

suite("smokeScore of an image that cannot start", { skip: NO_ENGINE }, () => {
  test("is a problem with the engine's reason, and no container stays", async (t) => {
    const folder = tempFolder(t);
    const tag = ownTag("unstartable");
    const config = { Entrypoint: ["/no/such/program"] };
    const tar = await dockerArchive(await writeLayout(folder, { layers: [[NODE]], config }), tag);
    const engine = await openEngine(process.env);
    t.after(() => removeImages(tag));
    await engine.load(Readable.from([tar]), tag);
    const { scored, problems } = await smokeScore(engine, tag, { endpoint: someEndpoint() });
    assert.deepEqual(scored, []);
    assert.match(problems[0]?.message ?? "", /does not start: .*no\/such\/program/su);
    const left = await docker.listContainers({ all: true, filters: { ancestor: [tag] } });
    assert.deepEqual(left, []);
  });
});

suite("smokeScore", { skip: NO_ENGINE || NO_BASE }, () => {
  test("an image answers what was recorded at its build, and nothing else passes", async (t) => {
    const folder = tempFolder(t);
    const spec = join(folder, "endpoint.yml");
    const tag = ownTag("smoke");
    writeFileSync(
      spec,
      `name: smoke\ndeployments: {blue: {model: {path: ${FIXTURE_MODELS}double.onnx}}}\n`,
    );
    const platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
    const args = ["build", spec, "-o", "docker", "--tag", tag, "--platform", platform];
    const env = { XDG_CACHE_HOME: CACHE_HOME };
    const built = await edgewrightJson(args, { cwd: folder, env });
    assert.equal(built.code, 0, JSON.stringify(built.document.problems));
    t.after(() => removeImages(tag));
    const endpoint = await endpointIn(tag);
    const engine = await openEngine(process.env);
    const passed = await smokeScore(engine, tag, { endpoint });
    assert.deepEqual(passed, { scored: ["blue"], problems: [] });
    const other = await smokeScore(engine, tag, { endpoint: distorted(endpoint) });
    assert.deepEqual(other.scored, []);
    assert.match(other.problems[0]?.message ?? "", /blue answers its sample with another/u);
  });
});
