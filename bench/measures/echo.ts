/** What does it cost to go through a scoring script: beside a model without one, beside Flask? */

import { writeRequestScript } from "../load/request-script.ts";
import type { BenchModel } from "../models/bench-model.ts";
import { makeEcho } from "../models/bench-model.ts";
import { echoBody } from "../models/echo-body.ts";
import { startEdgewright } from "../servers/edgewright.ts";
import { hasFlask, NO_FLASK, startFlask } from "../servers/flask.ts";
import { ECHO, startScripted } from "../servers/scripted.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { median } from "./median.ts";
import { takeRound, takeTurns } from "./scoring.ts";
import type { ScoringPlan } from "./scoring.ts";

const SIZES = [
  { name: "100 bytes", bytes: 100 },
  { name: "1 MB", bytes: 1_000_000 },
];
const CONNECTIONS = 1;

type Echoing = { readonly name: string; readonly pid: number; readonly url: string };

export async function measureEcho(
  workplace: Workplace,
  plan: ScoringPlan,
): Promise<readonly Finding[]> {
  const model = makeEcho(workplace.folder);
  const plain = await startEdgewright(workplace, model);
  return compare(workplace, plan, {
    model,
    other: { ...plain, url: `${plain.url}/score` },
    words: "a model that echoes, without a script",
  });
}

/** @throws Error where Flask is not installed */
export async function measureFlask(
  workplace: Workplace,
  plan: ScoringPlan,
): Promise<readonly Finding[]> {
  if (!hasFlask()) throw new Error(NO_FLASK);
  return compare(workplace, plan, {
    model: makeEcho(workplace.folder),
    other: await startFlask(workplace),
    words: "Flask, gunicorn's sync worker",
  });
}

type Comparison = {
  readonly model: BenchModel;
  readonly other: Echoing & { readonly stop: () => Promise<void> };
  readonly words: string;
};

async function compare(
  workplace: Workplace,
  plan: ScoringPlan,
  { model, other, words }: Comparison,
): Promise<readonly Finding[]> {
  const script = await startScripted(workplace, model, ECHO);
  const findings: Finding[] = [];
  for (const { name, bytes } of SIZES) {
    const file = writeRequestScript(workplace.folder, `echo-${bytes}`, echoBody(bytes));
    const load = { connections: CONNECTIONS, seconds: plan.seconds };
    const rounds = await takeTurns([script, other], plan.rounds, async ({ pid, url }) => {
      const round = await takeRound(workplace, { pid, url, script: file }, load);
      if (round.failed > 0) throw new Error(`${url} failed ${round.failed} times`);
      return round.cpuUs;
    });
    const [ours = 0, theirs = 0] = rounds.map(median);
    findings.push({
      what: `CPU of a script that echoes ${name}, at one connection (beside: ${words})`,
      ours: `${ours.toFixed(0)} us`,
      beside: `${theirs.toFixed(0)} us`,
      ratio: ours / theirs,
    });
  }
  await Promise.all([script.stop(), other.stop()]);
  return findings;
}
