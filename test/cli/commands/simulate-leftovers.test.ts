import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { deviceTag } from "../../../src/cli/simulation/device-folder.ts";
import { edgewrightJson } from "../../support/edgewright.ts";
import { REPOSITORY } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const SPEC = `name: test-a
auth_mode: none
deployments:
  blue: { model: { path: ${REPOSITORY}test/fixtures/models/double.onnx } }
edge: { volume: { name: data-a, path: /data } }
`;

const CONNECTED = "  - expect: { connected: a, within: 60s }\n";

function scenarioFile(context: TestContext, steps: string): string {
  const folder = tempFolder(context);
  writeFileSync(join(folder, "a.yml"), SPEC);
  const file = join(folder, "scenario.yml");
  const routes = "routes: { up: FROM /messages/* INTO $upstream }";
  writeFileSync(file, `modules: { a: ./a.yml }\n${routes}\nsteps:\n${CONNECTED}${steps}`);
  return file;
}

/** A device that has come to its long step, with a folder for its temporary ones. */
async function running(context: TestContext, temp: string, more: readonly string[]) {
  const file = scenarioFile(context, "  - wait: 1h\n");
  const child = spawn(
    process.execPath,
    [`${REPOSITORY}bin/edgewright.js`, "simulate", file, ...more],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, TMPDIR: temp },
    },
  );
  context.after(() => child.kill("SIGTERM"));
  for await (const line of createInterface(child.stderr)) if (line.startsWith("ok   expect")) break;
  child.stderr.resume();
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

function docker(...args: readonly string[]): readonly string[] {
  const { stdout } = spawnSync("docker", args, { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

/** Containers, volumes and images that a device has in the engine. */
function inEngine(tag: string): readonly number[] {
  const filter = ["--filter", `label=edgewright.device=${tag}`];
  return [
    docker("ps", "-aq", ...filter),
    docker("volume", "ls", "-q", ...filter),
    docker("images", "-q", "--filter", `reference=*:${tag}`),
  ].map((found) => found.length);
}

const engine = spawnSync("docker", ["version"], { encoding: "utf8" }).status === 0;
const WITH_ENGINE = { skip: !engine && "no Docker engine answers here" };

suite("edgewright simulate, after a kill -9", () => {
  test("the folder of a dead device goes with the next start, that of a living one stays", async (context) => {
    const temp = tempFolder(context);
    await killed(await running(context, temp, []));
    const [dead] = readdirSync(temp);
    const living = await running(context, temp, []);
    const [own, ...others] = readdirSync(temp);
    assert.notEqual(own, dead);
    assert.deepEqual(others, []);
    const next = await edgewrightJson(["simulate", scenarioFile(context, "")], {
      env: { TMPDIR: temp },
    });
    assert.equal(next.code, 0, JSON.stringify(next.document.problems));
    assert.deepEqual(readdirSync(temp), [own]);
    assert.equal(living.exitCode, null);
  });

  test(
    "a device on a folder starts again, its old container is gone",
    WITH_ENGINE,
    async (context) => {
      const temp = tempFolder(context);
      const state = join(tempFolder(context), "my état");
      mkdirSync(state);
      const more = ["--containers", "--state", state];
      const tag = deviceTag(state);
      context.after(() => {
        for (const id of docker("ps", "-aq", "--filter", `label=edgewright.device=${tag}`))
          docker("rm", "-f", id);
        for (const id of docker("volume", "ls", "-q", "--filter", `label=edgewright.device=${tag}`))
          docker("volume", "rm", id);
        for (const id of docker("images", "-q", "--filter", `reference=*:${tag}`))
          docker("rmi", "-f", id);
      });
      await killed(await running(context, temp, more));
      const [before] = docker("ps", "-q", "--filter", `label=edgewright.device=${tag}`);
      assert.ok(before !== undefined);
      const file = scenarioFile(
        context,
        "  - send: { to: a, body: { data: [[1, 2, 3]] } }\n  - expect: { upstream: 1, within: 30s }\n",
      );
      const again = await edgewrightJson(["simulate", file, ...more]);
      assert.equal(again.code, 0, JSON.stringify(again.document.problems));
      // Volume and image are the folder's, for the next time.
      assert.deepEqual(inEngine(tag), [0, 1, 1]);
    },
  );

  test(
    "what a dead device had in the engine goes with the next start, a living one's stays",
    WITH_ENGINE,
    async (context) => {
      const temp = tempFolder(context);
      await killed(await running(context, temp, ["--containers"]));
      const [dead = ""] = readdirSync(temp);
      const lost = deviceTag(join(temp, dead));
      assert.deepEqual(inEngine(lost), [1, 1, 1]);
      const living = await running(context, temp, ["--containers"]);
      const [own = "", ...others] = readdirSync(temp);
      assert.deepEqual([inEngine(lost), others], [[0, 0, 0], []]);
      const tag = deviceTag(join(temp, own));
      const next = await edgewrightJson(["simulate", scenarioFile(context, ""), "--containers"], {
        env: { TMPDIR: temp },
      });
      assert.equal(next.code, 0, JSON.stringify(next.document.problems));
      assert.deepEqual(inEngine(tag), [1, 1, 1]);
      living.kill("SIGHUP");
      await once(living, "exit");
      assert.deepEqual([inEngine(tag), readdirSync(temp)], [[0, 0, 0], []]);
    },
  );
});
