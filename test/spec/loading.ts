/** Loads a spec that a test writes down, with a model and a script beside it. */

import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import type { Problem } from "../../src/core/problem.ts";
import { loadSpec } from "../../src/spec/load.ts";
import type { LoadedSpec } from "../../src/spec/load.ts";
import type { ResolvedDeployment, ResolvedEndpoint } from "../../src/spec/resolved.ts";
import { tempFolder } from "../support/temp-folder.ts";

export type Loaded = {
  readonly folder: string;
  readonly loaded: LoadedSpec;
  readonly endpoint: ResolvedEndpoint;
  readonly first: ResolvedDeployment;
  readonly problems: readonly Problem[];
};

/** What a test's spec may refer to. */
const AROUND = { "models/net/1/net.onnx": "", "code/score.py": "", "net.onnx": "" };

export async function load(
  t: TestContext,
  spec: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Loaded> {
  const folder = tempFolder(t, { ...AROUND, ...files, "spec.yml": spec });
  const read = await loadSpec(["spec.yml"], { cwd: folder, modelStore: `${folder}/store` });
  assert.ok(read.ok, JSON.stringify(read.problems, null, 1));
  const { endpoint } = read.value;
  const [first] = endpoint.deployments;
  assert.ok(first);
  return { folder, loaded: read.value, endpoint, first, problems: read.problems };
}

/** Severity and code of each problem, in order. */
export function codes(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ severity, code }) => `${severity} ${code}`);
}
