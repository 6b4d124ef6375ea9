/** Several deployments as one scorer: the one asked for by name, else the next by weight. */

import { Cancellation } from "../../core/cancellation.ts";
import type { Scorer, ScoringRequest, ScoringResponse } from "../../core/scoring.ts";
import { DEPLOYMENT_HEADER } from "./answer-name.ts";
import { createPicker } from "./weights.ts";

/** Per cent by name; a deployment without an entry gets none. */
export type Traffic = Readonly<Record<string, number>>;
export type Mirror = { readonly deployment: string; readonly percent: number };

export type RouterOptions = {
  /** Each names itself in its answers: see `nameAnswers`. */
  readonly deployments: Readonly<Record<string, Scorer>>;
  readonly traffic: Traffic;
  readonly mirror?: Mirror;
  /** Told how a mirrored copy ended. */
  readonly onMirrored: (deployment: string, status: number) => void;
  /** The answer to a request that no deployment takes. */
  readonly refuse: (message: string) => ScoringResponse;
};

export type Router = Scorer & {
  /** From the next request on; those under way stay where they are. */
  readonly setTraffic: (traffic: Traffic) => void;
  readonly setMirror: (mirror: Mirror | undefined) => void;
  readonly traffic: () => Traffic;
};

export function createRouter(options: RouterOptions): Router {
  const { deployments, refuse, onMirrored } = options;
  const names = Object.keys(deployments);
  // Names compare without case, as in the spec.
  const byName = new Map(names.map((name) => [name.toLowerCase(), name]));
  let { traffic } = options;
  let pick = pickerOf(names, traffic);
  let copy = mirrorPicker(options.mirror);

  const score = (request: ScoringRequest): Promise<ScoringResponse> => {
    const { deployment } = request;
    const name = deployment === undefined ? pick() : byName.get(deployment.toLowerCase());
    const scorer = name === undefined ? undefined : deployments[name];
    if (name === undefined || scorer === undefined) {
      return Promise.resolve(refuse(refusal(names, deployment)));
    }
    // A request that names its deployment is not mirrored.
    const mirrored = deployment === undefined ? copy() : undefined;
    if (mirrored !== undefined) {
      void sendCopy(deployments[mirrored], request).then((status) => onMirrored(mirrored, status));
    }
    return scorer.score(request);
  };
  return {
    score,
    setTraffic: (next) => {
      traffic = next;
      pick = pickerOf(names, next);
    },
    setMirror: (next) => {
      copy = mirrorPicker(next);
    },
    traffic: () => traffic,
    close: async () => {
      await Promise.all(Object.values(deployments).map((scorer) => scorer.close()));
    },
  };
}

function pickerOf(names: readonly string[], traffic: Traffic): () => string | undefined {
  return createPicker(names.map((name) => ({ name, weight: traffic[name] ?? 0 })));
}

/** Picks the mirror for its share of the requests, nobody for the rest. */
function mirrorPicker(mirror: Mirror | undefined): () => string | undefined {
  if (mirror === undefined) return () => undefined;
  const { deployment, percent } = mirror;
  const pick = createPicker([
    { name: "copy", weight: percent },
    { name: "none", weight: 100 - percent },
  ]);
  return () => (pick() === "copy" ? deployment : undefined);
}

/**
 * Its answer is nobody's; the body is copied, since the other one moves: `slice` of a `Buffer` would
 * be the same memory. Gives its status.
 */
async function sendCopy(scorer: Scorer | undefined, request: ScoringRequest): Promise<number> {
  const copy = { ...request, body: new Uint8Array(request.body), cancellation: new Cancellation() };
  try {
    return (await scorer?.score(copy))?.status ?? 404;
  } catch {
    return 500;
  }
}

function refusal(names: readonly string[], asked: string | undefined): string {
  const known = names.map((name) => `'${name}'`).join(", ");
  return asked === undefined
    ? `no deployment takes traffic; name one in the header ${DEPLOYMENT_HEADER}: ${known}`
    : `there is no deployment '${asked.slice(0, 100)}', there is ${known}`;
}
