/**
 * The whole way on this machine: validate → build → unpack the image → start what is in it → score
 * the held-out windows of the bearing monitor over HTTP, then as messages on a simulated IoT Edge
 * device. `npm run demo`; exit 1 when anything is off.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadHeldOut } from "../examples/bearing-monitor/held-out.ts";
import { edgewright } from "./demo/edgewright.ts";
import { printImages, printModule, printScores } from "./demo/print.ts";
import { scoreWithScript } from "./demo/scripted.ts";
import { showOnDevice } from "./demo/on-device.ts";
import { scoreHeldOut } from "./demo/scores.ts";
import { startImage, unpackImage } from "./demo/unpacked-image.ts";

const SPEC = "examples/bearing-monitor/endpoint.yml";
const SCRIPTS = "examples/scoring-scripts/endpoint.yml";

type Validated = {
  readonly endpoint: {
    readonly name: string;
    readonly deployments: readonly { readonly name: string }[];
  };
};
type Built = {
  readonly files: { readonly image: string; readonly manifest: string; readonly record: string };
};

const folder = mkdtempSync(join(tmpdir(), "edgewright-demo-"));
try {
  const step = (text: string): void => console.log(`\n== ${text}`);

  step(`edgewright validate ${SPEC}`);
  const { endpoint } = edgewright<Validated>("validate", SPEC);
  console.log(`${endpoint.name}: ${endpoint.deployments.map(({ name }) => name).join(", ")}`);

  step(`edgewright build ${SPEC} -o archive:bearing-monitor.tar`);
  const archive = join(folder, "bearing-monitor.tar");
  const { files } = edgewright<Built>("build", SPEC, "-o", `archive:${archive}`);
  printImages(files.record);

  step("the deployment manifest");
  printModule(files.manifest, "bearing-monitor");

  step("unpack the image of this machine's architecture and start its entrypoint");
  const image = unpackImage(files.image, join(folder, "rootfs"));
  const module = await startImage(image);
  try {
    const heldOut = loadHeldOut();
    step(`score ${heldOut.labels.length} held-out windows at ${module.url}/score`);
    const scores = await scoreHeldOut(module.url, heldOut);
    printScores(scores);
    const [blue, green] = ["blue", "green"].map((name) =>
      scores.find((row) => row.deployment === name),
    );
    assert.equal(green?.share, 0.1, "green's share of the traffic");
    assert.ok((blue?.accuracy ?? 0) > 0.85 && green.accuracy > 0.85, "the accuracy of both");
  } finally {
    assert.equal(await module.stop(), 0, "the runtime's exit code");
  }

  step(`edgewright run ${SCRIPTS}: the same model behind a Python scoring script`);
  const scripted = await scoreWithScript(SCRIPTS, loadHeldOut());
  console.log(
    scripted === undefined
      ? "left out: /usr/bin/python3 is not here"
      : `${scripted.right} of ${scripted.of} windows are named rightly; script and model say the same`,
  );
  assert.ok(scripted === undefined || scripted.right / scripted.of > 0.8, "the script's accuracy");

  step("the same image as a module of a simulated IoT Edge device");
  await showOnDevice(image, files.manifest, join(folder, "device"));
  console.log("\nall of it is as it should be");
} catch (error) {
  console.error(`\ndemo: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
