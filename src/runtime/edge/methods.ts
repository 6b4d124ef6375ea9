/** Direct methods of the module: `score`, `health` and `stats`. */

import type { ScoringResponse } from "../../core/scoring.ts";
import type { MethodReply } from "./client.ts";
import { DEPLOYMENT_PROPERTY } from "./message-scorer.ts";

export type MethodsOptions = {
  readonly scoreBody: (body: Uint8Array, deployment?: string) => Promise<ScoringResponse>;
  readonly ready: () => boolean;
  readonly stats: () => object;
};

type Methods = Readonly<Record<string, (payload: unknown) => Promise<MethodReply>>>;

export function createMethods({ scoreBody, ready, stats }: MethodsOptions): Methods {
  return {
    score: async (payload) => {
      // Whoever calls without a payload sends null, and a score of null is a fault of the input.
      const body = Buffer.from(JSON.stringify(payload ?? null));
      const { status, headers, body: answer } = await scoreBody(body);
      const text = answer instanceof Uint8Array ? Buffer.from(answer).toString() : "";
      const deployment = headers[DEPLOYMENT_PROPERTY];
      return {
        status,
        payload: { ...objectOf(text), ...(deployment !== undefined && { deployment }) },
      };
    },
    health: () => {
      const live = ready();
      return Promise.resolve({ status: live ? 200 : 503, payload: { ready: live } });
    },
    stats: () => Promise.resolve({ status: 200, payload: stats() }),
  };
}

function objectOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value
      : { result: value };
  } catch {
    return { message: text };
  }
}
