/** Several deployments as one scorer: the one asked for by name, else the next by weight. */

import type { Scorer, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import { createPicker } from "./weights.ts";

export type Route = {
  readonly name: string;
  readonly weight: number;
  readonly scorer: Scorer;
};

/** Says which deployment answered. @source azureml-contract 3.4 */
export const DEPLOYMENT_HEADER = "azureml-model-deployment";

/** @param refuse the answer to a request that no deployment takes */
export function createRouter(
  routes: readonly Route[],
  refuse: (message: string) => ScoringResponse,
): Scorer {
  const byName = new Map(routes.map((route) => [route.name.toLowerCase(), route]));
  const pick = createPicker(routes);
  const names = routes.map((route) => `'${route.name}'`).join(", ");
  return {
    score: async (request: ScoringRequest) => {
      // Names compare without case, as in the spec.
      const name = request.deployment ?? pick();
      const route = name === undefined ? undefined : byName.get(name.toLowerCase());
      if (route === undefined) {
        return refuse(
          request.deployment === undefined
            ? `no deployment takes traffic; name one in the header ${DEPLOYMENT_HEADER}: ${names}`
            : `there is no deployment '${request.deployment.slice(0, 100)}', there is ${names}`,
        );
      }
      const response = await route.scorer.score(request);
      return { ...response, headers: { ...response.headers, [DEPLOYMENT_HEADER]: route.name } };
    },
    close: async () => {
      await Promise.all(routes.map((route) => route.scorer.close()));
    },
  };
}
