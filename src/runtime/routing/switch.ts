/** A deployment that can be switched off: it takes no request, whoever names it. */

import type { Scorer, ScoringResponse } from "../../core/scoring.ts";

export type Switch = Scorer & { readonly setEnabled: (enabled: boolean) => void };

export function createSwitch(scorer: Scorer, refuse: () => ScoringResponse): Switch {
  let on = true;
  return {
    score: (request) => (on ? scorer.score(request) : Promise.resolve(refuse())),
    setEnabled: (enabled) => {
      on = enabled;
    },
    close: scorer.close,
  };
}
