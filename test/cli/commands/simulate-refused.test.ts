import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
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
  ] as const) {
    test(`${flag} ${value} is wrong usage, and the command ends`, LIMIT, async (context) => {
      const { exit, code, message } = await refusal(specFile(context), flag, value);
      assert.deepEqual([exit, code], [2, "CLI_USAGE"]);
      assert.match(message, new RegExp(`${flag} is '?${value}`));
    });
  }

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
