/** Do the example's scripts say what the model says without them? */

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { loadHeldOut } from "../../examples/bearing-monitor/held-out.ts";
import { startRun } from "../support/edgewright.ts";
import { withoutPython } from "../support/script.ts";

const FOLDER = "examples/scoring-scripts/";
const windows = loadHeldOut()
  .windows.slice(0, 5)
  .map((window) => Array.from(window));

async function ask(url: string, deployment: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/score`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", "azureml-model-deployment": deployment },
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

function assertClose(one: readonly number[][], other: readonly number[][]): void {
  assert.equal(one.length, other.length);
  one.flat().forEach((value, index) => {
    const difference = Math.abs(value - (other.flat()[index] ?? Number.NaN));
    assert.ok(difference < 1e-6, `${value} and ${other.flat()[index]}`);
  });
}

async function directAnswer(url: string): Promise<number[][]> {
  const { outputs } = (await ask(url, "direct", { inputs: { vibration: windows } })) as {
    outputs: { probabilities: number[][] };
  };
  return outputs.probabilities;
}

void suite("the example scripts", { skip: withoutPython() }, () => {
  void test("the plain one answers as the model without a script, and the numpy one too", async (t) => {
    const running = await startRun([`${FOLDER}endpoint.yml`]);
    const direct = await directAnswer(running.url);
    const plain = (await ask(running.url, "plain", { vibration: windows })) as {
      condition: string;
      probabilities: number[];
    }[];
    assertClose(
      plain.map(({ probabilities }) => probabilities),
      direct,
    );
    assert.equal(await running.terminate(), 0);
    const reason = withoutPython("numpy");
    if (reason !== false) {
      t.diagnostic(`the numpy one is skipped: ${reason}`);
      return;
    }
    const numpy = await startRun([`${FOLDER}numpy.yml`]);
    const answer = (await ask(numpy.url, "numpy", { vibration: windows })) as {
      probabilities: number[][];
      most_likely: number[];
    };
    assertClose(answer.probabilities, direct);
    assert.deepEqual(
      answer.most_likely,
      direct.map((row) => row.indexOf(Math.max(...row))),
    );
    assert.equal(await numpy.terminate(), 0);
  });
});
