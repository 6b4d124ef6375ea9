/** The example with scoring scripts, started and asked: the script has to say what the model says. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import type { HeldOut } from "../../examples/bearing-monitor/held-out.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PYTHON = "/usr/bin/python3";
const WINDOWS = 40;

/** How many of the windows the script names rightly; `undefined` where there is no Python. */
export async function scoreWithScript(
  spec: string,
  heldOut: HeldOut,
): Promise<{ readonly right: number; readonly of: number } | undefined> {
  if (!existsSync(PYTHON)) return undefined;
  const runtime = spawn(
    process.execPath,
    ["bin/edgewright.js", "run", spec, "--port", "0", "--json", "--log-level", "warn"],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
  );
  const exit = once(runtime, "exit");
  try {
    const [line] = (await Promise.race([once(createInterface(runtime.stdout), "line"), exit])) as [
      unknown,
    ];
    const { url } = JSON.parse(String(line)) as { url: string };
    const windows = heldOut.windows.slice(0, WINDOWS).map((window) => Array.from(window));
    const direct = (await ask(url, "direct", { inputs: { vibration: windows } })) as {
      outputs: { probabilities: number[][] };
    };
    const plain = (await ask(url, "plain", { vibration: windows })) as readonly {
      condition: string;
      probabilities: readonly number[];
    }[];
    plain.forEach(({ probabilities }, n) =>
      probabilities.forEach((value, index) => {
        const expected = direct.outputs.probabilities[n]?.[index] ?? Number.NaN;
        assert.ok(Math.abs(value - expected) < 1e-6, "script and model say the same");
      }),
    );
    const right = plain.filter(
      ({ condition }, n) => condition === heldOut.classes[heldOut.labels[n] ?? -1],
    ).length;
    return { right, of: WINDOWS };
  } finally {
    runtime.kill("SIGTERM");
    await exit;
  }
}

async function ask(url: string, deployment: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/score`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "azureml-model-deployment": deployment },
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}
