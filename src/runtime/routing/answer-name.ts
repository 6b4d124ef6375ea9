/** Every answer says which deployment gave it, refusals of its door included. */

import type { ScoringResponse } from "../../core/scoring.ts";

/** In a request: which deployment is asked for. In an answer: which one gave it. @source azureml-contract 3.4 */
export const DEPLOYMENT_HEADER = "azureml-model-deployment";

type Headers = ScoringResponse["headers"];

/** @returns a function that adds the name to an answer */
export function nameAnswers(deployment: string): (answer: ScoringResponse) => ScoringResponse {
  // Answers of one form share their headers, so the same addition is made once.
  const named = new WeakMap<Headers, Headers>();
  return (answer) => {
    let added = named.get(answer.headers);
    if (added === undefined) {
      added = { ...answer.headers, [DEPLOYMENT_HEADER]: deployment };
      named.set(answer.headers, added);
    }
    return { ...answer, headers: added };
  };
}
