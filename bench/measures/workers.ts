/** How much more do two processes of a script serve than one, when the script is what costs? */

import { writeRequestScript } from "../load/request-script.ts";
import type { BenchModel } from "../models/bench-model.ts";
import { echoBody } from "../models/echo-body.ts";
import { burn, startScripted } from "../servers/scripted.ts";
import type { Workplace } from "../workplace.ts";
import type { Finding } from "./finding.ts";
import { median } from "./median.ts";
import { takeRound, takeTurns } from "./scoring.ts";
import type { ScoringPlan } from "./scoring.ts";

const BODY_BYTES = 100;

export async function measureWorkers(
  workplace: Workplace,
  model: BenchModel,
  plan: ScoringPlan,
): Promise<readonly Finding[]> {
  const file = writeRequestScript(workplace.folder, "burn", echoBody(BODY_BYTES));
  const servers = [];
  for (const workers of [2, 1]) {
    // A connection for each process: no more is let in, and none of them waits.
    servers.push({ ...(await startScripted(workplace, model, burn(workers))), workers });
  }
  const rounds = await takeTurns(servers, plan.rounds, async ({ pid, url, workers }) => {
    const load = { connections: workers, seconds: plan.seconds };
    return (await takeRound(workplace, { pid, url, script: file }, load)).requestsPerSecond;
  });
  await Promise.all(servers.map((server) => server.stop()));
  const [two = 0, one = 0] = rounds.map(median);
  return [
    {
      what: "two processes of a script that burns 10 ms of CPU a request (beside: one)",
      ours: `${two.toFixed(1)} requests/s`,
      beside: `${one.toFixed(1)} requests/s`,
      ratio: two / one,
    },
  ];
}
