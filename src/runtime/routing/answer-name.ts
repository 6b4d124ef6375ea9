/** Every answer says which deployment gave it, refusals of its door included. */

import type { ScoringResponse } from "../../core/scoring.ts";

/** In a request: which deployment is asked for. In an answer: which one gave it. @source azureml-contract 3.4 */
export const DEPLOYMENT_HEADER = "azureml-model-deployment";

type Headers = ScoringResponse["headers"];

/** @returns a function that adds the name to an answer */
export function nameAnswers(deployment: string): (answer: ScoringResponse) => ScoringResponse {
  // Answers of one form share their headers: the addition to the last ones is mostly the next one's.
  let last: Headers | undefined;
  let named: Headers = {};
  return (answer) => {
    const { headers } = answer;
    if (headers !== last) {
      named = { ...headers, [DEPLOYMENT_HEADER]: deployment };
      last = headers;
    }
    return { ...answer, headers: named };
  };
}
