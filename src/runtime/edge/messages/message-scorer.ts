/**
 * A message as scoring requests, and their answers as one message: the body is one request, or a JSON
 * array of them. Results go to one output, faults to the other.
 */

import { Cancellation } from "../../../core/cancellation.ts";
import { idIn } from "../../../core/property-bag.ts";
import type { Scorer, ScoringResponse } from "../../../core/scoring.ts";
import type { Input } from "../hub/client.ts";
import { sizeFault } from "../hub/message-size.ts";
import type { Result } from "../outbox/result.ts";
import { fault, reasonOf } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { scoreBatch } from "./batch-run.ts";
import { batchOf } from "./batch.ts";
import { createLanes } from "./lanes.ts";

export type MessageScorerOptions = {
  readonly scorer: Scorer;
  /** Requests of all messages that are scored at a time. */
  readonly window: () => number;
  readonly resultOutput: string;
  readonly errorOutput: string;
  readonly createId: () => string;
  /** Told of each answer. */
  readonly observe: (deployment: string, status: number) => void;
};

export type MessageScorer = {
  readonly answer: (input: Input, key: string) => Promise<Result>;
  readonly setAside: (input: Input, key: string) => Result;
  /** Of a message that nothing else can be said about. */
  readonly failed: (input: Input, key: string) => Result;
  /** In place of a result that no hub takes. */
  readonly tooLarge: (result: Result, why: string) => Result;
  /** For the direct method: no message around it. */
  readonly scoreBody: (body: Uint8Array, deployment?: string) => Promise<ScoringResponse>;
};

export const DEPLOYMENT_PROPERTY = "azureml-model-deployment";
const REASON_HEADER = "ms-azureml-model-error-reason";
/** No slot now, or no engine yet: neither is the message's fault. */
const NOT_NOW = new Set(["too_many_pending_request", "model_not_ready"]);
const FIRST_RETRY_MS = 10;
const LAST_RETRY_MS = 500;

export function createMessageScorer(options: MessageScorerOptions): MessageScorer {
  const { scorer, createId, observe, window } = options;
  const lanes = createLanes(window);

  const scoreBody = (body: Uint8Array, deployment?: string): Promise<ScoringResponse> =>
    scorer.score({
      protocol: { kind: "score" },
      method: "POST",
      query: "",
      headers: { "content-type": "application/json" },
      body,
      ...(deployment !== undefined && { deployment }),
      requestId: createId(),
      cancellation: new Cancellation(),
    });
  const scorePatiently = async (body: Uint8Array, deployment?: string): Promise<Answer> => {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LAST_RETRY_MS)) {
      // A copy, also of a `Buffer`, whose `slice` is none: what scores may move the bytes to another
      // thread, and they are needed again.
      const response = await lanes(() => scoreBody(new Uint8Array(body), deployment));
      const reason = response.headers[REASON_HEADER];
      if (reason === undefined || !NOT_NOW.has(reason)) {
        const answered = response.headers[DEPLOYMENT_PROPERTY] ?? "";
        observe(answered, response.status);
        const text = await textOf(response);
        return {
          status: response.status,
          ...(reason !== undefined && { reason }),
          body: text,
          deployment: answered,
        };
      }
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  };
  const answer = async (input: Input, key: string): Promise<Result> => {
    const deployment = input.bag.properties[DEPLOYMENT_PROPERTY];
    const batch = batchOf(input.body);
    if (batch === undefined) {
      return resultOf(options, { input, key }, await scorePatiently(input.body, deployment));
    }
    const { whole, overflow } = await scoreBatch(batch, {
      width: Math.max(1, window()),
      score: (item) => scorePatiently(item, deployment),
    });
    const result = resultOf(options, { input, key }, whole);
    return overflow === undefined ? result : tooLarge(options, result, overflow);
  };
  return {
    answer,
    setAside: (input, key) =>
      resultOf(
        options,
        { input, key },
        fault("EDGE_SET_ASIDE", "set_aside", "the module ended twice while it scored this message"),
      ),
    failed: (input, key) =>
      resultOf(options, { input, key }, { ...fault("BUG", "failed", UNEXPECTED), status: 500 }),
    tooLarge: (result, why) => tooLarge(options, result, why),
    scoreBody,
  };
}

const UNEXPECTED = "an unexpected error; the module's log has it under this message's id";

type Asked = { readonly input: Input; readonly key: string };

function resultOf(options: MessageScorerOptions, { input, key }: Asked, answer: Answer): Result {
  const { bag } = input;
  const failed = answer.status >= 400;
  const mid = idIn(bag, "mid") ?? options.createId();
  const { [DEPLOYMENT_PROPERTY]: _asked, ...carried } = bag.properties;
  const result: Result = {
    key,
    name: failed ? options.errorOutput : options.resultOutput,
    bag: {
      system: { mid, cid: idIn(bag, "cid") ?? mid, ...CONTENT },
      properties: {
        ...carried,
        ...(answer.deployment !== "" && { [DEPLOYMENT_PROPERTY]: answer.deployment }),
        ...(failed && { status: String(answer.status), reason: reasonOf(answer) }),
      },
    },
    body: answer.body,
  };
  const why = sizeFault(result);
  return why === undefined ? result : tooLarge(options, result, why);
}

const CONTENT = { ct: "application/json", ce: "utf-8" } as const;

/** The properties may be what is too large: they are carried over only where there is room for them. */
function tooLarge(options: MessageScorerOptions, { key, bag }: Result, why: string): Result {
  const { status, reason = "", body } = fault("EDGE_RESULT_TOO_LARGE", "result_too_large", why);
  const own = { status: String(status), reason };
  const { [DEPLOYMENT_PROPERTY]: _answered, ...carried } = bag.properties;
  const { mid = "", cid = "" } = bag.system;
  const fresh = options.createId();
  const bags = [
    { system: { mid, cid, ...CONTENT }, properties: { ...carried, ...own } },
    { system: { mid, cid, ...CONTENT }, properties: own },
    { system: { mid: fresh, cid: fresh, ...CONTENT }, properties: own },
  ];
  const faults = bags.map((room): Result => ({ key, name: options.errorOutput, bag: room, body }));
  return faults.find((result) => sizeFault(result) === undefined) ?? (faults[2] as Result);
}

async function textOf({ body }: ScoringResponse): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
