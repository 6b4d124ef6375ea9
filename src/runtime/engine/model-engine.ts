/** One loaded model on the thread that calls it: decode, run (several requests at once), encode. */

import { ScoringError } from "../../core/problem.ts";
import type { OutputSpec, Signature } from "../../core/tensors/signature.ts";
import type { Tensor } from "../../core/tensors/tensor.ts";
import { createSession } from "../../model/onnxruntime.ts";
import type { Session } from "../../model/onnxruntime.ts";
import { renderAnswer } from "../wire/answer.ts";
import type { ModelIdentity } from "../wire/answer.ts";
import { decodeRequest } from "../wire/decode.ts";
import { errorResponse } from "../wire/fault.ts";
import type { Feeds, ModelRequest } from "../wire/model-request.ts";
import { groupForRuns, joinFeeds, splitOutputs } from "./batch.ts";
import type { EngineAnswer, EngineRequest } from "./instances/instance.ts";

export type ModelOptions = ModelIdentity & {
  readonly path: string;
  readonly signature: Signature;
  readonly threads: number;
};

export type ModelEngine = {
  readonly session: Session;
  /** One answer for each request, in order; never throws. @param maxRows of one run together */
  readonly scoreAll: (
    requests: readonly EngineRequest[],
    maxRows: number,
  ) => readonly EngineAnswer[];
};

/** @throws Error with ONNX Runtime's own words when it cannot load the model */
export async function createModelEngine(options: ModelOptions): Promise<ModelEngine> {
  const { path, signature, threads } = options;
  const session = await createSession(path, signature, { threads });
  return {
    session,
    scoreAll: (requests, maxRows) => scoreAll(session, { options, requests, maxRows }),
  };
}

type Work = {
  readonly options: ModelOptions;
  readonly requests: readonly EngineRequest[];
  readonly maxRows: number;
};

function scoreAll(session: Session, work: Work): readonly EngineAnswer[] {
  const [only, ...others] = work.requests;
  if (only !== undefined && others.length === 0) return [scoreOne(session, work.options, only)];
  return scoreTogether(session, work);
}

function scoreOne(session: Session, options: ModelOptions, request: EngineRequest): EngineAnswer {
  try {
    const asked = decodeRequest(options.signature, request);
    const result = runOne(session, asked.feeds, asked.outputs);
    return encode(options.signature, asked, { result, identity: identityFor(options, request) });
  } catch (error) {
    return answerFault(error);
  }
}

function scoreTogether(
  session: Session,
  { options, requests, maxRows }: Work,
): readonly EngineAnswer[] {
  const answers: EngineAnswer[] = [];
  const decoded: { readonly index: number; readonly request: ModelRequest }[] = [];
  for (const [index, request] of requests.entries()) {
    try {
      decoded.push({ index, request: decodeRequest(options.signature, request) });
    } catch (error) {
      answers[index] = answerFault(error);
    }
  }
  for (const group of groupForRuns(decoded, options.signature, maxRows)) {
    const asked = group.map(({ request }) => request);
    const results = runGroup(session, options.signature, asked);
    for (const [place, { index, request }] of group.entries()) {
      const identity = identityFor(options, requests[index]);
      answers[index] = encode(options.signature, request, { result: results[place], identity });
    }
  }
  return answers;
}

/** The Open Inference Protocol repeats the name that was asked for. */
function identityFor(model: ModelIdentity, request?: EngineRequest): ModelIdentity {
  const protocol = request?.protocol;
  return protocol?.kind === "oip" ? { name: protocol.model, version: model.version } : model;
}

type Result =
  | { readonly outputs: readonly Tensor[]; readonly runMs: number; readonly batch: number }
  | { readonly error: unknown };

/** Requests that run together; where that fails, each alone, so that one cannot spoil the others. */
function runGroup(
  session: Session,
  signature: Signature,
  group: readonly ModelRequest[],
): readonly Result[] {
  const [first, ...others] = group;
  if (first === undefined) return [];
  if (others.length === 0) return [runOne(session, first.feeds, first.outputs)];
  const names = signature.outputs.map((output) => output.name);
  const wanted = names.filter((name) => group.some(({ outputs }) => outputs.includes(name)));
  const together = runOne(session, joinFeeds(signature, group), wanted);
  const split = "error" in together ? undefined : splitOutputs(group, wanted, together.outputs);
  if (split === undefined || "error" in together) {
    return group.map(({ feeds, outputs }) => runOne(session, feeds, outputs));
  }
  return split.map((outputs) => ({ outputs, runMs: together.runMs, batch: group.length }));
}

function runOne(session: Session, feeds: Feeds, outputs: readonly string[]): Result {
  const start = performance.now();
  try {
    const tensors = session.run(feeds, outputs);
    return { outputs: tensors, runMs: performance.now() - start, batch: 1 };
  } catch (error) {
    const message = `the model failed on this input: ${(error as Error).message}`;
    return { error: new ScoringError("ENGINE_FAILED", message, { cause: error }) };
  }
}

function encode(
  signature: Signature,
  request: ModelRequest,
  { result, identity }: { result: Result | undefined; identity: ModelIdentity },
): EngineAnswer {
  if (result === undefined) return answerFault(new Error("a request without a result"));
  if ("error" in result) return answerFault(result.error);
  try {
    const outputs = request.outputs.map((name, index) => ({
      spec: signature.outputs.find((output) => output.name === name) as OutputSpec,
      tensor: result.outputs[index] as Tensor,
    }));
    const { headers, body } = renderAnswer(request.form, outputs, identity);
    return { status: 200, headers, body, runMs: result.runMs, batch: result.batch };
  } catch (error) {
    return answerFault(error);
  }
}

function answerFault(error: unknown): EngineAnswer {
  const { status, headers, body } = errorResponse(error);
  const answer = { status, headers, body: body as Uint8Array, runMs: 0, batch: 0 };
  // What the caller did wrong is told to the caller alone.
  if (error instanceof ScoringError) return answer;
  return { ...answer, fault: (error as Error).stack ?? String(error) };
}
