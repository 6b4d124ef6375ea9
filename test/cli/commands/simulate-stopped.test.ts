import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { edgewrightJson } from "../../support/edgewright.ts";
import { REPOSITORY } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const SPEC = `name: test-a
auth_mode: none
deployments:
  blue: { model: { path: ${REPOSITORY}test/fixtures/models/double.onnx } }
edge: { volume: { name: data-a, path: /data } }
`;

function scenarioFile(context: TestContext, steps: string): string {
  const folder = tempFolder(context);
  writeFileSync(join(folder, "a.yml"), SPEC);
  const file = join(folder, "scenario.yml");
  writeFileSync(file, `modules: { a: ./a.yml }\nsteps:\n${steps}`);
  return file;
}

/** A scenario that has come to its long step, in a process group of its own. */
async function running(context: TestContext, steps: string, more: readonly string[] = []) {
  const temp = tempFolder(context);
  const file = scenarioFile(context, `  - expect: { connected: a, within: 30s }\n${steps}`);
  const args = [`${REPOSITORY}bin/edgewright.js`, "simulate", file, ...more];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temp },
  });
  context.after(() => child.kill("SIGKILL"));
  const [stdout, lines] = [text(child.stdout), [] as string[]];
  const reader = createInterface(child.stderr).on("line", (line) => lines.push(line));
  while (!lines.some((line) => line.startsWith("ok   expect"))) await once(reader, "line");
  const pid = child.pid ?? 0;
  const modules = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  assert.equal(modules.length, 1);
  return { child, pid, modules, temp, stdout, lines };
}

suite("edgewright simulate, stopped", () => {
  for (const [name, signal, group, steps] of [
    ["by Ctrl-C, while it waits", "SIGINT", true, "  - wait: 1h\n"],
    ["by a terminal that closes", "SIGHUP", true, "  - wait: 1h\n"],
    ["by SIGTERM, while it expects", "SIGTERM", false, "  - expect: { upstream: 1, within: 1h }\n"],
    [
      "by SIGINT, in a call",
      "SIGINT",
      false,
      "  - call method: { module: a, name: nobody, within: 1h }\n",
    ],
    [
      "by SIGINT, while it sends",
      "SIGINT",
      false,
      "  - send: { to: a, body: 1, count: 9999, rate: 1 }\n",
    ],
    [
      "by SIGTERM, with a send in the background",
      "SIGTERM",
      true,
      "  - send: { to: a, body: 1, count: 9999, rate: 100, background: true, as: s }\n  - cut hub: 1h\n",
    ],
  ] as const) {
    test(`${name}: 130, no verdict, and nothing is left`, async (context) => {
      const { child, pid, modules, temp, stdout, lines } = await running(context, steps);
      process.kill(group ? -pid : pid, signal);
      const [code] = (await once(child, "exit")) as [number | null];
      assert.equal(code, 130, lines.join("\n"));
      assert.match(lines.join("\n"), /SIM_STOPPED/);
      assert.equal(await stdout, "");
      assert.deepEqual(
        modules.map((module) => existsSync(`/proc/${module}`)),
        [false],
      );
      assert.deepEqual(readdirSync(temp), []);
    });
  }

  test("under --json it prints its document, with the steps so far", async (context) => {
    const file = scenarioFile(context, "  - expect: { connected: a, within: 30s }\n  - wait: 1h\n");
    const args = [`${REPOSITORY}bin/edgewright.js`, "simulate", file, "--json", "--module-logs"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    context.after(() => child.kill("SIGKILL"));
    const stdout = text(child.stdout);
    const reader = createInterface(child.stderr);
    for await (const line of reader) if (line.includes("connected to the hub")) break;
    child.stderr.resume();
    child.kill("SIGINT");
    const [code] = (await once(child, "exit")) as [number | null];
    const document = JSON.parse(await stdout) as { ok: boolean; stopped?: boolean };
    assert.deepEqual([code, document.ok], [130, false]);
  });

  test("a second device on the same folder is refused; a dead one's folder is taken over", async (context) => {
    const state = join(tempFolder(context), "state");
    const { child } = await running(context, "  - wait: 1h\n", ["--state", state]);
    const file = scenarioFile(context, "  - expect: { connected: a, within: 30s }\n");
    const refused = await edgewrightJson(["simulate", file, "--state", state]);
    assert.equal(refused.code, 1);
    const [problem] = refused.document.problems;
    assert.deepEqual([problem?.code, problem?.message.includes(state)], ["SIM_STATE", true]);
    assert.match(problem?.hint ?? "", /--state/);
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await once(child, "exit");
    const taken = await edgewrightJson(["simulate", file, "--state", state]);
    assert.equal(taken.code, 0, JSON.stringify(taken.document.problems));
  });

  test("a folder whose path has no room for sockets is refused", async (context) => {
    const state = join(tempFolder(context), "x".repeat(100));
    const file = scenarioFile(context, "  - wait: 1s\n");
    const { document } = await edgewrightJson(["simulate", file, "--state", state]);
    assert.equal(document.problems[0]?.code, "SIM_STATE");
  });
});
