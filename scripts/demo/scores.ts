/** The held-out windows through the endpoint, one request each, and what came of them. */

import type { HeldOut } from "../../examples/bearing-monitor/held-out.ts";

export type Score = {
  readonly deployment: string;
  readonly requests: number;
  /** Of all requests that named no deployment. */
  readonly share: number;
  /** Of those requests, ascending. */
  readonly latenciesMs: readonly number[];
  /** Over every window, each asked of this deployment by name. */
  readonly accuracy: number;
};

type Answer = { readonly deployment: string; readonly ms: number; readonly right: boolean };

/** By weight first, as traffic comes; then every window by name, for an accuracy that means something. */
export async function scoreHeldOut(url: string, heldOut: HeldOut): Promise<readonly Score[]> {
  const byWeight = await scoreAll(url, heldOut);
  const names = [...new Set(byWeight.map(({ deployment }) => deployment))];
  const scores: Score[] = [];
  for (const deployment of names) {
    const own = byWeight.filter((answer) => answer.deployment === deployment);
    const pinned = await scoreAll(url, heldOut, deployment);
    scores.push({
      deployment,
      requests: own.length,
      share: own.length / byWeight.length,
      latenciesMs: own.map(({ ms }) => ms).toSorted((a, b) => a - b),
      accuracy: pinned.filter(({ right }) => right).length / pinned.length,
    });
  }
  return scores;
}

async function scoreAll(
  url: string,
  { labels, body }: HeldOut,
  deployment?: string,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const [index, label] of labels.entries()) {
    const start = performance.now();
    const response = await fetch(`${url}/score`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(deployment !== undefined && { "azureml-model-deployment": deployment }),
      },
      body: body(index),
    });
    const text = await response.text();
    const ms = performance.now() - start;
    if (response.status !== 200) {
      throw new Error(`window ${index} is answered with ${response.status}: ${text}`);
    }
    const by = response.headers.get("azureml-model-deployment") ?? "";
    answers.push({ deployment: by, ms, right: likeliest(text) === label });
  }
  return answers;
}

/** Index of the highest probability. */
function likeliest(answer: string): number {
  const { outputs } = JSON.parse(answer) as { outputs: { probabilities: number[][] } };
  const [row = []] = outputs.probabilities;
  return row.indexOf(Math.max(...row));
}
