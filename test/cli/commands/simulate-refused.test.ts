import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";

import { edgewrightJson } from "../../support/edgewright.ts";
import { REPOSITORY } from "../../support/repository.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const SPEC = `name: test-a
auth_mode: none
deployments:
  blue: { model: { path: ${REPOSITORY}test/fixtures/models/double.onnx } }
`;

/** One that hangs fails here, and not with the whole suite. */
const LIMIT = { timeout: 60_000 };

function specFile(context: TestContext): string {
  const file = join(tempFolder(context), "a.yml");
  writeFileSync(file, SPEC);
  return file;
}

async function refusal(file: string, ...more: readonly string[]) {
  const { code, document } = await edgewrightJson(["simulate", file, ...more]);
  const problem = document.problems.find(({ severity }) => severity === "error");
  return { exit: code, code: problem?.code, message: problem?.message ?? "", hint: problem?.hint };
}

async function takenPort(context: TestContext): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return String((server.address() as AddressInfo).port);
}

suite("edgewright simulate, refused", () => {
  for (const flag of ["--port", "--control-port"]) {
    test(`${flag} that is taken is said, and the command ends`, LIMIT, async (context) => {
      const port = await takenPort(context);
      const { exit, code, message, hint } = await refusal(specFile(context), flag, port);
      assert.deepEqual([exit, code], [1, "SIM_PORT"]);
      assert.match(message, new RegExp(`127.0.0.1:${port}.*EADDRINUSE`));
      assert.match(hint ?? "", /another port/);
    });
  }

  for (const [flag, value] of [
    ["--view", "x"],
    ["--log-level", "loud"],
    ["--port", "66000"],
    ["--control-port", "x"],
    ["--client", "a/b#+"],
    ["--client", ""],
  ] as const) {
    test(`${flag} ${value} is wrong usage, and the command ends`, LIMIT, async (context) => {
      const { exit, code, message } = await refusal(specFile(context), `${flag}=${value}`);
      assert.deepEqual([exit, code], [2, "CLI_USAGE"]);
      assert.match(message, new RegExp(`${flag} is '?${value.replace("+", "\\+")}`));
    });
  }

  test("a client that is called like a module, or like another client", LIMIT, async (context) => {
    const file = specFile(context);
    const clash = await refusal(file, "--client", "test-a");
    assert.deepEqual([clash.exit, clash.code], [1, "SIM_MODULE"]);
    assert.match(clash.message, /'test-a', which is a module/);
    const twice = await refusal(file, "--client", "c", "--client", "c");
    assert.deepEqual([twice.exit, twice.code], [2, "CLI_USAGE"]);
  });

  test(
    "a name that a device does not take is refused before a file is written",
    LIMIT,
    async (context) => {
      const folder = tempFolder(context);
      writeFileSync(join(folder, "a.yml"), SPEC);
      const scenario = join(folder, "scenario.yml");
      const state = join(folder, "deep", "state");
      writeFileSync(scenario, 'modules: { "../../evil": ./a.yml }\nsteps: [{ wait: 1s }]\n');
      const { exit, code } = await refusal(scenario, "--state", state);
      assert.deepEqual([exit, code], [1, "SIM_SCENARIO"]);
      assert.deepEqual(readdirSync(folder), ["a.yml", "scenario.yml"]);
      const dotted = join(folder, "dotted.yml");
      writeFileSync(dotted, `${SPEC}edge: { module: a.b }\n`);
      const named = await refusal(dotted);
      assert.deepEqual([named.exit, named.code], [1, "SIM_MODULE"]);
      assert.match(named.message, /edge.module is 'a.b'/);
    },
  );

  test(
    "files of sends that are not there or empty are told with their steps, before a module starts",
    LIMIT,
    async (context) => {
      const folder = tempFolder(context);
      writeFileSync(join(folder, "a.yml"), SPEC);
      writeFileSync(join(folder, "empty.jsonl"), "\n \n");
      const scenario = join(folder, "scenario.yml");
      writeFileSync(
        scenario,
        "modules: { a: ./a.yml }\nsteps:\n  - wait: 1h\n  - send: { to: a, file: nowhere.jsonl }\n  - send: { to: a, file: empty.jsonl }\n",
      );
      const { code, document } = await edgewrightJson(["simulate", scenario]);
      assert.equal(code, 1);
      assert.deepEqual(
        document.problems.map(({ code: of, at, hint }) => [of, at?.line, hint === undefined]),
        [
          ["SIM_MESSAGE", 4, false],
          ["SIM_MESSAGE", 5, false],
        ],
      );
      assert.match(document.problems[0]?.message ?? "", /nowhere.jsonl cannot be read/);
      assert.match(document.problems[1]?.message ?? "", /empty.jsonl holds no line/);
    },
  );

  test("--state that is a file", LIMIT, async (context) => {
    const file = specFile(context);
    const { exit, code, message, hint } = await refusal(file, "--state", file);
    assert.deepEqual(
      [exit, code, message],
      [1, "SIM_STATE", `${file} is a file, must be a folder`],
    );
    assert.match(hint ?? "", /--state/);
  });

  test("a damaged file of the state is told by name, whichever it is", LIMIT, async (context) => {
    const folder = tempFolder(context);
    writeFileSync(join(folder, "a.yml"), `${SPEC}edge: { volume: { name: data, path: /data } }\n`);
    const scenario = join(folder, "scenario.yml");
    const steps = "[{ expect: { connected: a, within: 30s } }]";
    writeFileSync(scenario, `modules: { a: ./a.yml }\nsteps: ${steps}\n`);
    const state = join(folder, "state");
    const run = () => refusal(scenario, "--state", state);
    assert.deepEqual(await run(), { exit: 0, code: undefined, message: "", hint: undefined });
    for (const [name, text] of [
      ["hub/sessions.json", "{"],
      ["hub/sessions.json", '{"sim-device/a": 5}'],
      ["identities.json", "[]"],
      ["identities.json", '{"a": "no key"}'],
      ["ca.pem", "nonsense"],
      ["ca.key.pem", ""],
      ["hub/twins/a.json", "null"],
      ["hub/twins/a.json", '{"desired": {}}'],
      ["hub/twins/other.json", ""],
    ] as const) {
      const path = join(state, name);
      const before = existsSync(path) ? readFileSync(path) : undefined;
      writeFileSync(path, text);
      const { exit, code, message, hint } = await run();
      assert.deepEqual([exit, code], [1, "SIM_STATE"], `${name} ${text}: ${message}`);
      assert.ok(message.startsWith(`${path} `), message);
      assert.match(hint ?? "", /remove it/);
      if (before === undefined) rmSync(path);
      else writeFileSync(path, before);
    }
    rmSync(join(state, "modules"), { recursive: true });
    writeFileSync(join(state, "modules"), "");
    const { exit, code, message } = await run();
    assert.deepEqual([exit, code], [1, "SIM_STATE"], message);
    rmSync(join(state, "modules"));
    rmSync(join(state, "ca.pem"));
    assert.equal((await run()).exit, 0);
  });

  test("--state where no folder can be made", LIMIT, async (context) => {
    const { exit, code, message, hint } = await refusal(
      specFile(context),
      "--state",
      "/proc/x/deep",
    );
    assert.deepEqual([exit, code], [1, "SIM_STATE"]);
    assert.match(message, /\/proc\/x\/deep.*ENOENT/);
    assert.match(hint ?? "", /--state/);
  });
});
