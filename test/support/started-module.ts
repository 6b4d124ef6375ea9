/** The runtime as an image starts it, with a tiny model and the variables of an edge daemon. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";

import { endpointOf } from "./endpoint.ts";
import { REPOSITORY } from "./repository.ts";
import { tempFolder } from "./temp-folder.ts";

export type StartedModule = {
  readonly child: ChildProcess;
  /** Of its HTTP. */
  readonly url: string;
  /** The first group of the first line of its log that matches, once there is one. */
  readonly seen: (pattern: RegExp) => Promise<string>;
};

export async function startedModule(
  context: TestContext,
  env: Readonly<Record<string, string>>,
): Promise<StartedModule> {
  const folder = tempFolder(context);
  const file = join(folder, "endpoint.json");
  const path = `${REPOSITORY}test/fixtures/models/double.onnx`;
  writeFileSync(file, JSON.stringify(await endpointOf({ blue: { path } })));
  const child = spawn(process.execPath, [`${REPOSITORY}dist/src/runtime/main.js`], {
    env: { EDGEWRIGHT_ENDPOINT: file, EDGEWRIGHT_PORT: "0", EDGEWRIGHT_VOLUME: folder, ...env },
    stdio: ["ignore", "inherit", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  const reader = createInterface(child.stderr).on("line", (line) => lines.push(line));
  const seen = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = lines.map((line) => pattern.exec(line)?.[1]).find((text) => text !== undefined);
      if (found !== undefined) return found;
      await once(reader, "line");
    }
  };
  return { child, seen, url: await seen(/"url":"([^"]+)"/) };
}
