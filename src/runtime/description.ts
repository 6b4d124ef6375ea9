/** Whose document is `/swagger.json`? That of the deployment asked for by name, else of the busiest. */

import type { Scorer } from "../core/scoring.ts";
import { faultResponse } from "./wire/fault.ts";

type Describable = { readonly name: string; readonly describe?: Scorer["score"] };

export function createDescription(
  servings: readonly Describable[],
  traffic: () => Readonly<Record<string, number>>,
): Scorer["score"] {
  return async (request) => {
    const shares = traffic();
    const { deployment } = request;
    const [busiest] = servings.toSorted((a, b) => (shares[b.name] ?? 0) - (shares[a.name] ?? 0));
    const asked =
      deployment === undefined
        ? busiest
        : servings.find(({ name }) => name.toLowerCase() === deployment.toLowerCase());
    if (asked?.describe === undefined) {
      return faultResponse("ROUTE_UNKNOWN", "this deployment has no OpenAPI document");
    }
    const response = await asked.describe(request);
    return {
      ...response,
      headers: { ...response.headers, "azureml-model-deployment": asked.name },
    };
  };
}
