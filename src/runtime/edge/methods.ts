/** Direct methods of the module: `score`, `health` and `stats`; of a batch endpoint those of its jobs. */

import type { ScoringResponse } from "../../core/scoring.ts";
import type { MethodReply } from "./hub/client.ts";
import { DEPLOYMENT_PROPERTY } from "./messages/message-scorer.ts";

export type MethodsOptions = {
  readonly scoreBody: (body: Uint8Array, deployment?: string) => Promise<ScoringResponse>;
  readonly ready: () => boolean;
  readonly stats: () => object;
  /** More methods by name: payload in, status and JSON out. */
  readonly jobMethods: Readonly<Record<string, (payload: unknown) => ScoringResponse>>;
};

type Methods = Readonly<Record<string, (payload: unknown) => Promise<MethodReply>>>;

export function createMethods(options: MethodsOptions): Methods {
  const { scoreBody, ready, stats, jobMethods } = options;
  const jobs = Object.entries(jobMethods).map(
    ([name, method]) =>
      [name, (payload: unknown) => Promise.resolve(replyOf(method(payload)))] as const,
  );
  return {
    ...Object.fromEntries(jobs),
    score: async (payload) => {
      // Whoever calls without a payload sends null, and a score of null is a fault of the input.
      const body = Buffer.from(JSON.stringify(payload ?? null));
      const answer = await scoreBody(body);
      const { status, payload: object } = replyOf(answer);
      const deployment = answer.headers[DEPLOYMENT_PROPERTY];
      return { status, payload: { ...object, ...(deployment !== undefined && { deployment }) } };
    },
    health: () => {
      const live = ready();
      return Promise.resolve({ status: live ? 200 : 503, payload: { ready: live } });
    },
    stats: () => Promise.resolve({ status: 200, payload: stats() }),
  };
}

function replyOf({ status, body }: ScoringResponse): MethodReply & { readonly payload: object } {
  const text = body instanceof Uint8Array ? Buffer.from(body).toString() : "";
  return { status, payload: objectOf(text) };
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
