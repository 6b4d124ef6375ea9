/** `GET /swagger.json`: the document of one deployment, with an example that its model really answered. */

import { Cancellation } from "../../core/cancellation.ts";
import type { Scorer, ScoringResponse } from "../../core/scoring.ts";
import type { Signature } from "../../core/tensors/signature.ts";
import { faultResponse } from "../wire/fault.ts";
import { answerSchema, exampleRequest, requestSchema } from "../wire/openapi/schema.ts";
import { parseOpenApiVersion, renderOpenApi, unknownVersion } from "../wire/openapi/openapi.ts";
import type { ApiFacts } from "../wire/openapi/openapi.ts";

type DocumentedDeployment = {
  readonly name: string;
  readonly traffic: number;
  /** Without a signature a script decides what goes in and out. */
  readonly model?: { readonly version: string; readonly signature?: Signature };
  /** A script's own answer to the query. */
  readonly describe?: (query: string) => ScoringResponse;
};

export type OpenApiPageOptions = {
  readonly name: string;
  readonly description?: string;
  readonly secured: boolean;
  readonly deployments: readonly DocumentedDeployment[];
  readonly scorer: Scorer;
};

/** @param deployment asked for by header; otherwise the one with the most traffic */
export type OpenApiPage = (
  query: string,
  deployment: string | undefined,
) => Promise<ScoringResponse>;

/** A longer answer is no example that anybody reads. */
const MAX_EXAMPLE_BYTES = 1024 * 1024;
const ANYTHING = { type: "object" };

export function createOpenApiPage(options: OpenApiPageOptions): OpenApiPage {
  const { deployments } = options;
  const names = deployments.map(({ name }) => name);
  const answers = new Map<string, unknown>();
  return async (query, asked) => {
    const described = choose(deployments, asked)?.describe;
    if (described !== undefined) return described(query);
    const given = new URLSearchParams(query).get("version") ?? "2";
    const version = parseOpenApiVersion(given);
    if (version === undefined) return noSuchVersion(given);
    const chosen = choose(deployments, asked);
    if (chosen === undefined) {
      const known = names.map((name) => `'${name}'`).join(", ");
      const message = `there is no deployment '${asked?.slice(0, 100)}', there is ${known}`;
      return faultResponse("ROUTE_DEPLOYMENT", message);
    }
    const facts = factsOf(options, chosen);
    if (!answers.has(chosen.name) && facts.requestExample !== undefined) {
      const answer = await answerTo(facts.requestExample, chosen, options);
      if (answer !== undefined) answers.set(chosen.name, answer);
    }
    const answerExample = answers.get(chosen.name);
    const document = renderOpenApi({ ...facts, deployments: names, answerExample }, version);
    return {
      status: 200,
      headers: { "content-type": "application/json" },
      body: Buffer.from(document),
    };
  };
}

function noSuchVersion(given: string): ScoringResponse {
  const message = unknownVersion(given.slice(0, 100));
  const fault = faultResponse("ROUTE_VERSION", message);
  // Azure's own server has the message at the top: clients of either find it.
  const error = { code: "ROUTE_VERSION", message };
  return { ...fault, body: Buffer.from(JSON.stringify({ message, error })) };
}

function choose(
  deployments: readonly DocumentedDeployment[],
  asked: string | undefined,
): DocumentedDeployment | undefined {
  if (asked !== undefined)
    return deployments.find(({ name }) => name.toLowerCase() === asked.toLowerCase());
  return deployments.toSorted((a, b) => b.traffic - a.traffic || (a.name < b.name ? -1 : 1))[0];
}

function factsOf(
  { name, description, secured }: OpenApiPageOptions,
  { model }: DocumentedDeployment,
): Omit<ApiFacts, "deployments"> {
  const head = {
    title: name,
    version: model?.version ?? "1",
    secured,
    ...(description !== undefined && { description }),
  };
  const signature = model?.signature;
  if (signature === undefined) return { ...head, request: ANYTHING, answer: ANYTHING };
  return {
    ...head,
    request: requestSchema(signature),
    answer: answerSchema(signature),
    requestExample: exampleRequest(signature),
  };
}

/** What the model says to the example; `undefined` while it cannot, or where it refuses zeros. */
async function answerTo(
  example: unknown,
  { name }: DocumentedDeployment,
  { scorer }: OpenApiPageOptions,
): Promise<unknown> {
  const { status, body } = await scorer.score({
    protocol: { kind: "score" },
    method: "POST",
    query: "",
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(example)),
    deployment: name,
    requestId: "swagger",
    cancellation: new Cancellation(),
  });
  if (status !== 200 || !(body instanceof Uint8Array) || body.length > MAX_EXAMPLE_BYTES)
    return undefined;
  return JSON.parse(new TextDecoder().decode(body)) as unknown;
}
