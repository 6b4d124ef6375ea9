/** The held-out windows through the endpoint, one request each, and what came of them. */

import type { HeldOut } from "../../examples/bearing-monitor/held-out.ts";

export type Score = {
  readonly deployment: string;
  readonly requests: number;
  /** Of all requests. */
  readonly share: number;
  /** Of this deployment's answers, the part that names the class the window really is. */
  readonly accuracy: number;
  /** Ascending. */
  readonly latenciesMs: readonly number[];
};

export async function scoreHeldOut(
  url: string,
  { labels, body }: HeldOut,
): Promise<readonly Score[]> {
  const results = new Map<string, { right: number; latenciesMs: number[] }>();
  for (const [index, label] of labels.entries()) {
    const start = performance.now();
    const response = await fetch(`${url}/score`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body(index),
    });
    const text = await response.text();
    const ms = performance.now() - start;
    if (response.status !== 200)
      throw new Error(`window ${index} is answered with ${response.status}: ${text}`);
    const deployment = response.headers.get("azureml-model-deployment") ?? "";
    const result = results.get(deployment) ?? { right: 0, latenciesMs: [] };
    results.set(deployment, result);
    result.latenciesMs.push(ms);
    if (likeliest(text) === label) result.right += 1;
  }
  return [...results].map(([deployment, { right, latenciesMs }]) => ({
    deployment,
    requests: latenciesMs.length,
    share: latenciesMs.length / labels.length,
    accuracy: right / latenciesMs.length,
    latenciesMs: latenciesMs.toSorted((a, b) => a - b),
  }));
}

/** Index of the highest probability. */
function likeliest(answer: string): number {
  const { outputs } = JSON.parse(answer) as { outputs: { probabilities: number[][] } };
  const [row = []] = outputs.probabilities;
  return row.indexOf(Math.max(...row));
}
